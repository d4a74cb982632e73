"""Closed trades read from the books, and their figures on the performance page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from apps.desk.money import ZERO
from apps.desk.performance_words import figures
from apps.desk.trips import Trips
from apps.history.services import keep_note
from apps.portfolio import closed
from apps.portfolio.closed import closed_trades, moves_booked, results_of
from apps.portfolio.models import Account, Position

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
        "net_pnl": "+36.00",
        "profit_factor": "4.00",
        "expectancy": "+12.00",
        "average_win": "+24.00",
        "average_loss": "−12.00",
        "average_holding": "0 s",
    }


def test_results_by_direction_add_up_and_tags_are_those_of_the_trader(traded, book):
    Account.objects.filter(pk=traded.pk).update(kind="margin")
    book(traded, "sell 3 MSFT @ 20.00 fee 1.00; buy 3 MSFT @ 18.00 fee 1.00", at=MONDAY + timedelta(days=2))
    first, second, _, short = (trade.opened_by for _, trade in closed_trades(traded.pk))
    for opened_by, tags in ((first, ["swing"]), (second, ["swing", "gap"]), (short, ["gap"])):
        keep_note(traded, opened_by, "", tags, MONDAY)

    found = results_of(traded.pk, 0)

    assert [(each.name, each.trades, each.net) for each in found.directions] == [("Long", 3, 36), ("Short", 1, 4)]
    assert sum(each.net for each in found.directions) == found.whole.net
    assert [(each.name, each.trades, each.won, each.net) for each in found.tags] == [
        ("swing", 2, Decimal("0.5"), 6),
        ("gap", 2, Decimal("0.5"), -8),
        ("No tag", 1, 1, 30),
    ]


def test_without_a_tag_there_is_no_table_of_them(traded, bob_account, book):
    book(bob_account, "buy 1 AAPL @ 9.00; sell 1 AAPL @ 10.00")
    (theirs,) = (trade.opened_by for _, trade in closed_trades(bob_account.pk))
    keep_note(bob_account, theirs, "", ["secret"], MONDAY)

    assert results_of(traded.pk, 0).tags == ()


def test_page_shows_tags_and_directions_with_their_definitions(client, alice, traded):
    client.force_login(alice)
    assert "No closed trade of this span has a tag" in text_of(client.get(PAGE))
    first = next(trade.opened_by for _, trade in closed_trades(traded.pk))
    keep_note(traded, first, "", ["swing"], MONDAY)

    text = text_of(client.get(PAGE))

    assert "Long 3 66.67% +36.00 All 3 66.67% +36.00" in text
    assert "swing 1 100.00% +18.00 No tag 2 50.00% +18.00 All 3 66.67% +36.00" in text
    for key in ("by_direction", "by_tag"):
        assert escape(figures[key].definition) in text


def test_trade_counts_to_the_span_it_is_closed_in(traded):
    journals = [journal for journal, _ in closed_trades(traded.pk)]

    assert results_of(traded.pk, journals[0]).whole.trades == 2
    assert results_of(traded.pk, journals[-1]).whole.trades == 0


def test_page_shows_closed_trades_with_their_definitions(client, alice, traded):
    client.force_login(alice)

    text = text_of(client.get(PAGE))

    for words in (
        "Win rate 66.67% What Win rate means The share of closed trades that earned more than nothing after fees.",
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
