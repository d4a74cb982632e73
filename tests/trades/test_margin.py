"""Accounts on margin: shares sold short and covered, what is lent, what it needs, and what becomes of too little."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.portfolio.models import Account
from apps.trades import filling, services
from apps.trades.ticket import Placed, Refused

from .on_margin import all_holds, held, view

pytestmark = pytest.mark.django_db
Words = Callable[..., Any]


def test_short_sale_is_filled_marked_and_covered(margin: Account, trade: Words) -> None:
    """100 sold at 149.99, bought back at 140.00: 999 less the fees of 1.00 each."""
    sold = trade("sell 100 AAPL")

    assert (sold.effect, sold.verb, sold.status) == ("open", "Sell short", "filled")
    assert held() == (-100, Decimal("-14999.00"), 0, 0)
    all_holds()
    short = view(margin)
    assert (short.cash, short.market_value) == (Decimal("114998.00"), Decimal("-15001.00"))
    assert short.equity == Decimal("99997.00")
    assert (short.unrealized, short.open_positions[0].unrealized_pct) == (-2, Decimal(-2) / 14999)

    covered = trade("buy 100 AAPL", ask="140.00")

    assert (covered.effect, covered.verb, covered.status) == ("close", "Buy to cover", "filled")
    assert held() == (0, 0, 0, Decimal("999.00"))
    margin.refresh_from_db()
    assert margin.cash == Decimal("100997.00")
    all_holds()


def test_short_sale_holds_back_half_and_its_fee_until_it_is_filled(margin: Account, placed: Words) -> None:
    placed("sell 100 AAPL limit 160.00", "gtc")

    margin.refresh_from_db()
    assert margin.reserved == Decimal("8001.00")
    assert view(margin).buying_power == (100_000 - Decimal("8001.00")) * 2


def test_more_is_bought_than_there_is_cash_and_the_rest_is_borrowed(
    margin: Account, trade: Words, quote: Words, now: datetime
) -> None:
    """1,200 at 150.01 cost 180,012 and 6.00 of fees; 1,000 are displayed at a time."""
    order = trade("buy 1200 AAPL limit 150.01")
    assert (order.status, order.cum_qty) == ("partially_filled", 1000)
    filling.match_symbol("AAPL", quote(), None, now)

    margin.refresh_from_db()
    assert (margin.cash, margin.reserved) == (100_000 - Decimal("180018.00"), 0)
    assert view(margin).margin.initial == Decimal("90006.00")
    all_holds()


@pytest.mark.parametrize(
    ("words", "field", "message"),
    [
        ("buy 2000 AAPL limit 150.00", "quantity", "Needs 150,010.00 USD of margin; 100,000.00 available"),
        ("sell 2000 AAPL limit 150.00", "quantity", "Needs 157,499.50 USD of margin; 100,000.00 available"),
    ],
)
def test_what_needs_more_margin_than_there_is_is_refused_with_both_numbers(
    margin: Account, ticket: Words, now: datetime, words: str, field: str, message: str
) -> None:
    """R-RISK"""
    answer = services.place_order(margin, ticket(words), now)

    assert isinstance(answer, Refused)
    assert answer.errors == {field: message}


def test_cash_account_sells_nothing_short(account: Account, ticket: Words, now: datetime) -> None:
    assert services.place_order(account, ticket("sell 1 AAPL"), now) == Refused(
        {"quantity": "Sells 1; 0 AAPL available"}
    )


def test_no_order_goes_through_flat_to_the_other_side(
    margin: Account, trade: Words, ticket: Words, now: datetime
) -> None:
    trade("sell 10 AAPL")
    answer = services.place_order(margin, ticket("buy 15 AAPL"), now)
    assert answer == Refused(
        {"quantity": "Buys 15; 10 AAPL short. Close the position first, then open one the other way"}
    )

    trade("buy 10 AAPL")
    trade("buy 10 AAPL")
    assert services.place_order(margin, ticket("sell 15 AAPL"), now) == Refused(
        {"quantity": "Sells 15; 10 AAPL available"}
    )


def test_two_orders_never_wait_to_open_opposite_ways(
    margin: Account, placed: Words, ticket: Words, now: datetime
) -> None:
    placed("buy 10 AAPL limit 140.00", "gtc")

    assert services.place_order(margin, ticket("sell 10 AAPL limit 160.00"), now) == Refused(
        {"side": "A working buy of AAPL would open the other way; cancel it first"}
    )


def test_covering_buys_hold_the_shares_that_they_cover(
    margin: Account, trade: Words, placed: Words, ticket: Words, now: datetime
) -> None:
    trade("sell 10 AAPL")
    placed("buy 6 AAPL limit 100.00", "gtc")

    assert held()[2] == 6
    assert services.place_order(margin, ticket("buy 5 AAPL"), now) == Refused(
        {"quantity": "Buys 5; 4 AAPL short (6 held for buys to cover)"}
    )
    all_holds()


def test_reduce_only_is_refused_where_it_would_open_and_taken_where_it_closes(
    margin: Account, trade: Words, ticket: Words, now: datetime
) -> None:
    for words in ("buy 10 AAPL", "sell 10 AAPL"):
        answer = services.place_order(margin, ticket(words, reduce_only=True), now)
        assert answer == Refused(
            {"reduce_only": "An order that only reduces may not open one; this one opens a position: you have none"}
        )
    trade("sell 10 AAPL")
    assert isinstance(services.place_order(margin, ticket("sell 1 AAPL", reduce_only=True), now), Refused)
    assert trade("buy 4 AAPL", reduce_only=True).status == "filled"
    assert held()[0] == -6


def test_exits_of_a_short_sale_are_buys_and_one_cancels_the_other(
    margin: Account, trade: Words, quote: Words, now: datetime
) -> None:
    entry = trade("sell 10 AAPL", take_profit=Decimal("140.00"), stop_loss=Decimal("160.00"))

    exits = {exit.order_type: exit for exit in entry.exits.all()}
    assert {(each.side, each.effect, each.status) for each in exits.values()} == {("buy", "close", "new")}
    assert held()[2] == 10
    all_holds()

    filling.match_symbol("AAPL", quote(bid="159.99", ask="160.01"), None, now)

    for each in exits.values():
        each.refresh_from_db()
    assert (exits["stop"].status, exits["limit"].status) == ("filled", "canceled")
    assert held()[0] == 0
    all_holds()


@pytest.mark.parametrize(
    ("words", "more", "field"),
    [
        ("sell 10 AAPL", {"take_profit": Decimal("160.00")}, "take_profit"),
        ("sell 10 AAPL", {"stop_loss": Decimal("140.00")}, "stop_loss"),
        ("sell 10 AAPL limit 160.00", {"oco_stop": Decimal("140.00")}, "oco_stop"),
    ],
)
def test_exit_on_the_wrong_side_is_refused(
    margin: Account, ticket: Words, now: datetime, words: str, more: Any, field: str
) -> None:
    answer = services.place_order(margin, ticket(words, **more), now)

    assert isinstance(answer, Refused)
    assert list(answer.errors) == [field]


def test_oco_covers_at_a_limit_below_or_a_stop_above(
    margin: Account, trade: Words, ticket: Words, quote: Words, now: datetime
) -> None:
    trade("sell 10 AAPL")
    wrong = services.place_order(margin, ticket("buy 10 AAPL limit 140.00", oco_stop=Decimal("150.00")), now)
    assert wrong == Refused({"oco_stop": "Stop must be above the 150.01 USD that the market asks"})

    placed = services.place_order(margin, ticket("buy 10 AAPL limit 140.00", oco_stop=Decimal("155.00")), now)
    assert isinstance(placed, Placed)
    filling.match_symbol("AAPL", quote(bid="154.99", ask="155.00"), None, now)

    placed.order.refresh_from_db()
    assert (placed.order.status, held()[0]) == ("canceled", 0)
    all_holds()


def test_close_position_covers_what_is_owed(margin: Account, trade: Words, quote: Words, now: datetime) -> None:
    trade("sell 10 AAPL")
    trade("buy 4 AAPL limit 100.00")

    placed = services.close_position(margin, "AAPL", "close-1", now)
    again = services.close_position(margin, "AAPL", "close-1", now)

    assert isinstance(placed, Placed) and isinstance(again, Placed)
    assert (placed.order.verb, placed.order.quantity, again.created) == ("Buy to cover", 10, False)
    filling.match_symbol("AAPL", quote(), None, now)
    assert held()[0] == 0
    all_holds()
