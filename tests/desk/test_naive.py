"""The desk and an oracle that shares nothing with it say the same, command after command."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples

from .commands import METHODS, commands
from .naive import NaiveDesk
from .naive_days import lived, missing
from .naive_fees import FEES
from .pure import TRADERS, PureDesk
from .pure_state import state_of

DAYS = 4
EVERYTHING = (
    *(
        f"{kind} {answer}"
        for kind in ("place", "replace", "cancel", "look", "expire")
        for answer in ("taken", "refused")
    ),
    *(f"{kind} filled" for kind in ("market", "limit", "stop", "stop_limit", "trailing_stop")),
    *("close taken", "split taken", "dividend taken"),
    *("canceled", "expired", "ended after a part", "filled in extended hours"),
    *(f"denied {rule}" for rule in ("good_till", "extended_hours", "no_quote", "stale_quote", "buying_power", "held")),
    *(f"several lots long by {method}" for method in ("fifo", "lifo")),
    *("long by average", *(f"profit is another by {method}" for method in METHODS)),
)


@settings(
    deadline=None, max_examples=examples(120), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.randoms(), st.integers(1, 50), st.sampled_from(sorted(FEES)), st.sampled_from(sorted(TRADERS)))
def test_desk_and_oracle_agree_after_every_command(dice, count, fees, kind):
    """R-ORDER, R-LEDGER, R-RISK: of cash accounts or on margin."""
    desk, oracle = PureDesk(fees, kind), NaiveDesk(fees, kind)

    for command in commands(dice, count):
        assert (command, desk.apply(command)) == (command, oracle.apply(command))
        assert state_of(desk) == oracle.state()


@pytest.mark.parametrize("day", range(DAYS))
@pytest.mark.parametrize("fees", sorted(FEES))
def test_desk_and_oracle_agree_at_the_end_of_a_long_day(fees, day):
    """R-ORDER, R-LEDGER: seeded, and so long that everything happens."""
    assert missing(lived("cash", fees, day), EVERYTHING) == {}


@pytest.mark.parametrize("fees", sorted(FEES))
@pytest.mark.parametrize("tif", ["day", "fok"])
def test_desk_and_oracle_agree_on_what_cannot_be_paid(fees, tif):
    """The price has doubled since the order was taken."""
    desk, oracle = PureDesk(fees), NaiveDesk(fees)
    sizes = {"do": "quote", "symbol": "AAPL", "age": 0, "bid_size": "50", "ask_size": "50"}
    words = {"trader": "ann", "symbol": "AAPL", "side": "buy", "type": "market", "quantity": "10", "trail": "1%"}

    for command in (
        {**sizes, "at": 0, "bid": "10.00", "ask": "10.00", "last": "10.00"},
        {"do": "place", "at": 1, "order": "o1", **words, "tif": tif, "limit": "1", "stop": "1", "till": 9},
        {**sizes, "at": 2, "bid": "20.00", "ask": "20.00", "last": "20.00"},
    ):
        assert desk.apply(command) == oracle.apply(command)

    state = state_of(desk)
    assert state == oracle.state()
    order = state["orders"]["o1"]
    assert (order["status"], order["cum"]) == ("canceled", "7" if tif == "day" else "0")
