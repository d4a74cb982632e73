"""P&L by symbol names what was realised and what is not realised yet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils.html import escape

from apps.desk.performance_words import figures
from apps.portfolio.performance import performance_of

from .test_views import text_of

PAGE = "/portfolio/performance/"
NOW = datetime(2026, 3, 4, 21, tzinfo=UTC)


@pytest.fixture
def traded(alice_account, book, quotes):
    """AAPL is 9 up by its sale, and 20 by what is held."""
    book(alice_account, "buy 60 AAPL @ 9.00; sell 10 AAPL @ 10.00 fee 1.00")
    quotes("AAPL 9.39/9.41 last 9.40")
    alice_account.refresh_from_db()
    return alice_account


def rows_of(found):
    return [(each.name, each.realized, each.unrealized, each.pnl) for each in (*found.symbols, found.all_symbols)]


def test_symbols_are_what_was_realised_and_what_is_not_realised_yet(traded, book, quotes):
    book(traded, "buy 5 MSFT @ 20.00 fee 1.00; buy 4 TSLA @ 5.00 fee 2.00; sell 4 TSLA @ 6.50")
    quotes("MSFT 18.99/19.01 last 19.00")
    traded.refresh_from_db()

    found = performance_of(traded, "all", NOW)

    assert rows_of(found) == [
        ("AAPL", 9, 20, 29),
        ("TSLA", 4, 0, 4),
        ("MSFT", -1, -5, -6),
        ("All symbols", 12, 15, 27),
    ]
    assert found.all_symbols.pnl == found.total


def test_symbol_without_a_price_has_no_sum_and_neither_have_all(traded, book):
    book(traded, "buy 4 TSLA @ 5.00 fee 2.00")

    assert rows_of(performance_of(traded, "all", NOW)) == [
        ("AAPL", 9, 20, 29),
        ("TSLA", -2, None, None),
        ("All symbols", 7, None, None),
    ]


def test_what_was_bought_without_a_fee_has_realised_nothing(traded, book, quotes):
    """It was traded, so that it has no dash."""
    book(traded, "buy 5 MSFT @ 20.00")
    quotes("MSFT 18.99/19.01 last 19.00")

    found = performance_of(traded, "all", NOW)

    assert rows_of(found) == [("AAPL", 9, 20, 29), ("MSFT", 0, -5, -5), ("All symbols", 9, 15, 24)]
    assert found.all_symbols.pnl == found.total


def test_page_names_each_part_with_its_definition(client, alice, traded):
    client.force_login(alice)

    text = text_of(client.get(PAGE))

    assert "AAPL +9.00 +20.00 +29.00 All symbols +9.00 +20.00 +29.00" in text
    assert "Realised, by all symbols +9.00 Change of unrealised P&amp;L +20.00 All +29.00" in text
    for key in ("symbol_realized", "symbol_unrealized", "symbol_pnl"):
        assert escape(figures[key].definition) in text
        assert figures[key].label in text
