"""The day's P&L of what keeps exchange hours counts from its own sessions, and says from which close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.live.fragments import render_fragment
from apps.market import services as market
from apps.market.models import Bar, Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio.models import Account, Journal
from apps.portfolio.queries import load_holdings, portfolio_value
from apps.portfolio.value import PortfolioView

WEDNESDAY_CLOSES = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
FRIDAY_OPENS, FRIDAY_CLOSES = (
    datetime(2026, 11, 27, hour, minute, tzinfo=UTC) for hour, minute in ((14, 30), (18, 0))
)
MONDAY_OPENS = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)
Book = Callable[..., None]


@pytest.fixture(autouse=True)
def hours(market: dict[str, Instrument]) -> None:
    """AAPL and MSFT keep New York's, TSLA none; it is Wednesday evening, at 9.00 and 20.00."""
    Instrument.objects.exclude(symbol="TSLA").update(calendar="XNYS", session_date=date(2026, 11, 25))
    MarketState.objects.update(calendar="XNYS", calendar_date=date(2026, 11, 25), phase="post")
    last_trade(WEDNESDAY_CLOSES, AAPL="9.00", MSFT="20.00")


def last_trade(closes_at: datetime, **prices: str) -> None:
    for symbol, price in prices.items():
        figures = dict.fromkeys(("open", "high", "low", "close"), Decimal(price))
        start = closes_at - timedelta(minutes=1)
        Bar.objects.create(instrument=Instrument.objects.get(symbol=symbol), start=start, volume=Decimal(1), **figures)


def turn(at: datetime) -> None:
    """The feed's day goes with UTC, the stocks' session with New York."""
    MarketState.objects.update(session_date=at.date())
    market.follow_hours(at)
    board.catch_up()


def view(account: Account) -> PortfolioView:
    return portfolio_value(load_holdings(account.pk), board)


def said(account: Account, topic: str = "") -> str:
    html = render_fragment(topic or f"account/{account.pk}")
    return html.partition("Day P&amp;L")[2].partition("</span>")[0].rpartition(">")[2]


def test_day_counts_from_the_last_close_over_a_holiday(alice_account: Account, book: Book, quotes: Any) -> None:
    book(alice_account, "buy 100 AAPL @ 8.00 fee 1.00", at=WEDNESDAY_CLOSES - timedelta(hours=1))

    turn(FRIDAY_OPENS)
    quotes("AAPL 9.99/10.01 last 10.00")

    assert view(alice_account).day_pnl == 100
    assert said(alice_account) == "since the close of Wed 25 Nov"
    assert said(alice_account, f"position/{alice_account.pk}:AAPL") == "since the close of Wed 25 Nov"


def test_day_lasts_until_the_next_open(alice_account: Account, book: Book, quotes: Any) -> None:
    """Over the weekend, whatever UTC day it is, it is Friday's; on Monday it begins anew."""
    turn(FRIDAY_OPENS)
    book(alice_account, "buy 100 AAPL @ 9.50 fee 1.00", at=FRIDAY_CLOSES - timedelta(seconds=1))
    last_trade(FRIDAY_CLOSES, AAPL="10.00")
    quotes("AAPL 9.99/10.01 last 10.00")

    turn(FRIDAY_CLOSES + timedelta(days=1, hours=10))
    weekend, words = view(alice_account).day_pnl, said(alice_account)
    turn(MONDAY_OPENS)

    assert (weekend, words) == (49, "since the close of Wed 25 Nov")
    assert (view(alice_account).day_pnl, said(alice_account)) == (0, "since the close of Fri 27 Nov")


def test_fill_as_of_the_close_counts_to_the_session_that_closes(alice_account: Account, book: Book) -> None:
    book(alice_account, "buy 1 AAPL @ 9.50", at=FRIDAY_CLOSES)
    book(alice_account, "buy 1 TSLA @ 9.50", at=FRIDAY_CLOSES)

    dates = Journal.objects.exclude(instrument=None).order_by("pk").values_list("session_date", flat=True)
    assert list(dates) == [FRIDAY_CLOSES.date(), MarketState.objects.get().session_date]


@pytest.mark.parametrize(
    ("at", "counts_to"),
    [
        (FRIDAY_CLOSES + timedelta(hours=1), FRIDAY_CLOSES.date()),
        (MONDAY_OPENS - timedelta(hours=1), MONDAY_OPENS.date()),
    ],
)
def test_what_was_traded_after_hours_earns_from_its_own_price(
    alice_account: Account, book: Book, quotes: Any, at: datetime, counts_to: date
) -> None:
    """Bought at 10.50 after a close at 10.00, now 11.00: the half dollar before it was nobody's, on either day."""
    turn(FRIDAY_OPENS)
    last_trade(FRIDAY_CLOSES, AAPL="10.00")
    turn(at)
    book(alice_account, "buy 100 AAPL @ 10.50", at=at)
    quotes("AAPL 10.99/11.01 last 11.00")

    before = view(alice_account).day_pnl
    turn(MONDAY_OPENS)

    assert (before, view(alice_account).day_pnl) == (50, 50)
    assert Journal.objects.latest("pk").session_date == counts_to


def test_two_kinds_of_sessions_are_each_their_own(alice_account: Account, book: Book, quotes: Any) -> None:
    turn(FRIDAY_OPENS)
    book(alice_account, "buy 100 AAPL @ 9.50; buy 10 TSLA @ 30.00", at=FRIDAY_OPENS)
    Instrument.objects.filter(symbol="TSLA").update(previous_close=Decimal(40), session_date=date(2026, 11, 28))

    turn(FRIDAY_OPENS + timedelta(days=1))
    quotes("AAPL 9.99/10.01 last 10.00", "TSLA 41.00/41.00 last 41.00")

    assert [each.day_pnl for each in view(alice_account).positions] == [50, 10]
    assert said(alice_account) == "since the previous close of each"
    assert said(alice_account, f"position/{alice_account.pk}:AAPL") == "since the close of Wed 25 Nov"


def test_account_without_positions_names_no_day(alice_account: Account) -> None:
    assert said(alice_account) == "since the previous close"
