"""Closed trades read from the books, and their figures on the performance page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.desk.money import ZERO
from apps.desk.trips import Trips
from apps.portfolio import closed
from apps.portfolio.closed import closed_trades, moves_booked, results_of
from apps.portfolio.models import Position

from .conftest import TODAY
from .test_views import text_of

PAGE = "/portfolio/performance/"
MONDAY = datetime(TODAY.year, TODAY.month, TODAY.day, 15, tzinfo=UTC)


@pytest.fixture
def traded(alice_account, book):
    """Monday +18 of AAPL and −12 of MSFT, Tuesday +30 of AAPL; 5 AAPL are open, 1 of them sold at +2."""
    book(alice_account, "buy 10 AAPL @ 9.00 fee 1.00; sell 4 AAPL @ 11.00; sell 6 AAPL @ 11.00 fee 1.00", at=MONDAY)
    book(alice_account, "buy 5 MSFT @ 20.00 fee 1.00; sell 5 MSFT @ 18.00 fee 1.00", at=MONDAY)
    book(alice_account, "buy 10 AAPL @ 9.00; sell 10 AAPL @ 12.00", at=MONDAY + timedelta(days=1))
    book(alice_account, "buy 6 AAPL @ 10.00 fee 1.00; sell 1 AAPL @ 12.00", at=MONDAY + timedelta(days=1))
    return alice_account


def test_trades_are_read_from_the_books_in_parts(traded, monkeypatch):
    monkeypatch.setattr(closed, "FILLS_AT_ONCE", 2)

    trades = [trade for _, trade in closed_trades(traded.pk)]

    assert [(trade.symbol, trade.quantity, trade.net) for trade in trades] == [
        ("AAPL", 10, 18),
        ("MSFT", 5, -12),
        ("AAPL", 10, 30),
    ]
    assert [trade.net for _, trade in closed_trades(traded.pk, "MSFT")] == [-12]


def test_trades_are_the_positions_realised_pnl_after_fees(traded):
    trips = Trips()
    nets = [trade.net for _, fill in moves_booked(traded.pk) if (trade := trips.take(fill))]

    rows = Position.objects.filter(account=traded)

    booked = sum((row.realized_pnl - row.commission for row in rows), ZERO)
    assert sum(nets) + sum(trade.net for trade in trips.open.values()) == booked == 37


def test_trades_of_another_account_are_not_read(traded, bob_account, book):
    book(bob_account, "buy 1 AAPL @ 9.00; sell 1 AAPL @ 10.00")

    assert [trade.net for _, trade in closed_trades(bob_account.pk)] == [1]


def test_results_by_symbol_and_weekday_add_up_to_the_whole(traded):
    found = results_of(traded.pk, 0)

    assert [(group.name, group.trades, group.net) for group in found.symbols] == [("AAPL", 2, 48), ("MSFT", 1, -12)]
    assert [(group.name, group.trades, group.net) for group in found.weekdays] == [
        ("Monday", 2, 6),
        ("Tuesday", 1, 30),
    ]
    assert (found.whole.trades, found.whole.net) == (3, 36)
    assert {each.figure.key: each.text for each in found.figures} == {
        "win_rate": "66.67%",
        "profit_factor": "4.00",
        "expectancy": "+12.00",
        "average_win": "+24.00",
        "average_loss": "−12.00",
        "average_holding": "0 s",
    }


def test_trade_counts_to_the_span_it_is_closed_in(traded):
    journals = [journal for journal, _ in closed_trades(traded.pk)]

    assert results_of(traded.pk, journals[0]).whole.trades == 2
    assert results_of(traded.pk, journals[-1]).whole.trades == 0


def test_page_shows_closed_trades_with_their_definitions(client, alice, traded):
    client.force_login(alice)

    text = text_of(client.get(PAGE))

    for words in (
        "Win rate 66.67% The share of closed trades that earned more than nothing after fees.",
        "2 of 3",
        "Profit factor 4.00",
        "AAPL 2 100.00% +48.00 MSFT 1 0.00% −12.00 All 3 66.67% +36.00",
        "Monday 2 50.00% +6.00 Tuesday 1 100.00% +30.00 All 3",
    ):
        assert words in text


def test_page_without_a_closed_trade_says_when_there_is_one(client, bob, bob_account, book):
    book(bob_account, "buy 1 AAPL @ 9.00")
    client.force_login(bob)

    text = text_of(client.get(PAGE))

    assert ("No trade closed in this span" in text, "Win rate" in text) == (True, False)


def test_page_takes_the_same_number_of_queries_for_one_trade_and_for_three(client, alice, alice_account, book):
    client.force_login(alice)
    client.get(PAGE)  # what a process reads once

    counts = set()
    for trades in (1, 2):
        for _ in range(trades):
            book(alice_account, "buy 1 AAPL @ 9.00; sell 1 AAPL @ 10.00")
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.add(len(queries))

    assert len(counts) == 1


def test_holding_time_is_an_average(alice_account, book):
    book(alice_account, "buy 1 AAPL @ 9.00", at=MONDAY)
    book(alice_account, "sell 1 AAPL @ 9.50", at=MONDAY + timedelta(hours=2, minutes=5))

    (holding,) = [each for each in results_of(alice_account.pk, 0).figures if each.figure.key == "average_holding"]

    assert (holding.text, holding.signed) == ("2 h 5 min", None)
    assert [trade.net for _, trade in closed_trades(alice_account.pk)] == [Decimal("0.50")]
