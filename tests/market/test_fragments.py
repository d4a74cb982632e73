from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.live.fragments import draw, fragment_of, read, render_fragment
from apps.live.running import sweeps
from apps.market import fragments, services
from apps.market.feeds.simulated import Simulated
from apps.market.queries import MarketStatus
from apps.market.quotes import board

from .build import NOON, bar, instrument, later, tick

US = 1_772_452_800_000_000  # NOON


@pytest.fixture
def apple(db: None) -> None:
    instrument(previous_close=Decimal(1250))
    board.put(tick("1233.99"))
    board.put(tick("1234.50", later(1)))


def test_quote_is_drawn_with_its_change(apple: None) -> None:
    html = render_fragment("quote/AAPL")

    assert html == (
        f'<div id="quote-AAPL" class="quote up" data-ts="{US + 1_000_000}"><b>1,234.50</b>'
        ' <span class="loss">−15.50</span> <span class="loss">−1.24%</span></div>'
    )


def test_quote_is_lean(apple: None) -> None:
    assert len(render_fragment("quote/AAPL").encode()) <= 260


def test_quote_without_previous_close_says_since_open(db: None) -> None:
    instrument(session_open=Decimal(10))
    board.put(tick("11"))

    html = render_fragment("quote/AAPL")

    assert "<small>since open</small>" in html
    assert len(html.encode()) <= 260


def test_stale_quote_says_its_age(apple: None) -> None:
    """R-STALE"""
    board.learn(MarketStatus(is_open=True, changed_at=NOON))

    html = render_fragment("quote/AAPL")

    assert 'class="quote stale"' in html
    assert f'<small class="age" data-ts="{US + 1_000_000}">' in html


def test_symbol_without_a_quote_shows_a_dash(db: None) -> None:
    instrument()

    assert render_fragment("quote/AAPL") == (
        '<div id="quote-AAPL" class="quote flat" data-ts="0"><b>—</b>'
        ' <span class="flat"></span> <span class="flat"></span> <small>no quote yet</small></div>'
    )
    assert "No quote of AAPL yet" in render_fragment("book/AAPL")
    assert render_fragment("bar/AAPL") == '<div id="bar-AAPL" hidden data-ts="0"></div>'
    assert render_fragment("spark/AAPL") == '<div id="spark-AAPL" class="spark flat" data-ts="0"></div>'


def test_spark_is_a_line_through_the_closes(apple: None) -> None:
    services.save_bars([bar("1 1 1 1230", later(-60)), bar("1 1 1 1240", later(-120))])

    html = render_fragment("spark/AAPL")

    assert 'points="0,1.0 40,23.0 80,13.1"' in html
    assert html.startswith(f'<div id="spark-AAPL" class="spark loss" data-ts="{US + 1_000_000}"><svg')
    assert 'aria-label="AAPL, last 3 minutes: −5.50 USD"' in html


@pytest.mark.parametrize(
    ("prices", "points"),
    [([], ""), (["10"], ""), (["10", "10"], "0,23.0 80,23.0"), (["10", "12", "11"], "0,23.0 40,1.0 80,12.0")],
)
def test_polyline_fills_the_box(prices: list[str], points: str) -> None:
    assert fragments.polyline([Decimal(each) for each in prices]) == points


def test_book_offers_both_prices_to_the_ticket(apple: None) -> None:
    html = render_fragment("book/AAPL")

    assert 'data-fill-price="1234.49"' in html
    assert 'data-fill-price="1234.50"' in html
    assert "spread 0.01" in html
    assert 'value="37"' in html


def test_bar_carries_the_running_minute(apple: None) -> None:
    assert render_fragment("bar/AAPL") == (
        f'<div id="bar-AAPL" hidden data-ts="{US + 1_000_000}" data-time="{US // 1_000_000}"'
        ' data-o="1233.99" data-h="1234.50" data-l="1233.99" data-c="1234.50" data-v="200"></div>'
    )


def test_market_line_says_what_the_desk_does(db: None) -> None:
    assert "Market closed: The desk has not been started" in render_fragment("market/desk")
    services.open_session(Simulated(1))
    board.put(tick("10", timezone.now()))
    assert 'data-state="open"' in render_fragment("market/desk")
    services.close_session("The recording ended")
    assert "Market closed: The recording ended" in render_fragment("market/desk")


def test_market_line_says_since_when_the_feed_is_silent(db: None) -> None:
    services.open_session(Simulated(1))
    assert "No quotes yet" in render_fragment("market/desk")
    board.put(tick("10", timezone.now() - timedelta(hours=1), "SPY"))

    assert "No quotes since " in render_fragment("market/desk")


def test_market_line_brings_the_board_up_to_date(db: None, django_assert_num_queries: Any) -> None:
    for symbol in ("AAPL", "MSFT", "SPY"):
        instrument(symbol)
        services.save_quotes([tick("10", timezone.now(), symbol)])

    with django_assert_num_queries(2):
        render_fragment("market/desk")

    with django_assert_num_queries(0):
        assert [board.latest(symbol).last for symbol in ("AAPL", "MSFT", "SPY")] == [10, 10, 10]  # type: ignore[union-attr]


@pytest.mark.parametrize("count", [1, 3])
def test_sparks_of_many_symbols_are_read_in_two_queries(db: None, count: int, django_assert_num_queries: Any) -> None:
    symbols = ["AAPL", "MSFT", "SPY"][:count]
    for symbol in symbols:
        instrument(symbol)
        services.save_quotes([tick("10", NOON, symbol)])

    with django_assert_num_queries(2):
        read([f"spark/{symbol}" for symbol in symbols])


@pytest.mark.parametrize(
    ("kind", "every", "topics"),
    [("quote", 0, []), ("spark", 15, ["quote/AAPL"]), ("book", 0.25, ["quote/AAPL"]), ("bar", 1, ["quote/AAPL"])],
)
def test_fragment_follows_its_quote(db: None, kind: str, every: float, topics: list[str]) -> None:
    fragment, key = fragment_of(f"{kind}/AAPL")

    assert (fragment.every, list(fragment.follows(fragment.load(key)))) == (every, topics)


def test_hub_asks_once_a_second_what_has_aged(apple: None) -> None:
    assert fragments.aged in sweeps
    board.learn(MarketStatus(is_open=True, changed_at=NOON))

    assert sorted(fragments.aged()) == ["market/desk", "quote/AAPL"]
    assert fragments.aged() == []


def test_drawing_a_fragment_again_gives_the_same(apple: None) -> None:
    """A page before and its pushed fragments are the page after."""
    facts = read(["quote/AAPL", "book/AAPL", "bar/AAPL", "spark/AAPL"])

    assert [draw(topic, own, {}) for topic, own in facts.items()] == [render_fragment(topic) for topic in facts]
