"""The desk and its oracle on margin: short sales, covers, what is locked, what may still be opened."""

from __future__ import annotations

from collections import Counter

import pytest

from .commands import METHODS
from .naive import NaiveDesk
from .naive_days import lived, missing
from .naive_fees import FEES
from .pure import PureDesk
from .pure_state import state_of

DAYS = 3
EVERYTHING = (
    *(f"{what} filled" for what in ("buy to open", "sell to close", "sell to open", "buy to close")),
    *("long to short", "short to long", "called", "nothing more may be opened", "split taken", "dividend taken"),
    *(f"denied {rule}" for rule in ("buying_power", "held", "opposite_working", "equity_unknown", "stale_quote")),
    *(f"several lots short by {method}" for method in ("fifo", "lifo")),
    *("short by average", *(f"profit is another by {method}" for method in METHODS)),
)


@pytest.mark.parametrize("fees", sorted(FEES))
def test_desk_and_oracle_agree_on_long_days_on_margin(fees):
    """R-ORDER, R-LEDGER, R-RISK: seeded, and so many that everything happens: some who trade are rich on one."""
    happened = sum((lived("margin", fees, day) for day in range(DAYS)), Counter())

    assert missing(happened, EVERYTHING) == {}


def order(at, side, quantity, symbol="AAPL", kind="market", limit="1"):
    words = {"trader": "ann", "symbol": symbol, "side": side, "type": kind, "quantity": quantity, "trail": "1%"}
    return {"do": "place", "at": at, "order": f"o{at}", **words, "tif": "day", "limit": limit, "stop": "1", "till": 9}


def quote(at, price):
    prices = {"bid": price, "ask": price, "last": price, "bid_size": "500", "ask_size": "500"}
    return {"do": "quote", "symbol": "AAPL", "at": at, "age": 0, **prices}


def agreed(*said):
    """What both say of each command, and of ann's margin after the last."""
    desk, oracle = PureDesk("none", "margin"), NaiveDesk("none", "margin")
    answers = []
    for command in said:
        answers.append(desk.apply(command))
        assert answers[-1] == oracle.apply(command)
    state = state_of(desk)
    assert state == oracle.state()
    return answers, state["denied"], state["accounts"]["ann"]


def test_both_lock_what_a_short_sale_fetches():
    """2,000 of her own; 100 sold short at 10.00 fetch 1,000, which buy nothing: (2,000 - 500) / 0.5."""
    _, _, ann = agreed(quote(0, "10.00"), order(1, "sell", "100"), quote(2, "10.00"))

    margin = ann["margin"]
    assert (ann["ledger"]["cash"], margin["equity"], margin["initial"]) == ("3000", "2000", "500")
    assert (margin["excess"], margin["buying_power"], margin["maintenance"]) == ("1500", "3000", "500")


def test_both_take_an_order_to_flat_and_none_through_it():
    """100 held: 101 cannot be sold in one; 100 can, and then any number short, which a buy of more cannot cover."""
    answers, denied, ann = agreed(
        *(quote(0, "10.00"), order(1, "buy", "100"), quote(2, "10.00"), order(3, "sell", "101")),
        *(order(4, "sell", "100"), quote(5, "10.00"), order(6, "sell", "60"), quote(7, "9.00")),
        *(order(8, "buy", "61"), order(9, "buy", "60"), quote(10, "8.00")),
    )

    assert answers == [False, True, True, False, True, True, True, True, False, True, True]
    assert denied == ["o3 held", "o8 held"]
    assert (ann["realized"]["AAPL"], ann["lots"]["AAPL"]) == ("60", [])


def test_both_refuse_what_needs_more_margin_than_is_free():
    """2,000 carry 4,000: at 10.00 and the cushion of 5 % 380 shares need 1,995, and 381 need 2,000.25."""
    answers, denied, ann = agreed(quote(0, "10.00"), order(1, "sell", "381"), order(2, "sell", "380"))

    assert (answers, denied) == ([False, False, True], ["o1 buying_power"])
    assert (ann["margin"]["reserved"], ann["margin"]["buying_power"]) == ("1995", "10")
