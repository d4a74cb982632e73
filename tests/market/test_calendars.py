"""A market whose stocks keep New York's hours: sessions, closes, silence and the words on every page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from time_machine import travel

from apps.live.models import Event
from apps.market import queries, services
from apps.market.checks import calendar_ends
from apps.market.feeds import FeedError, Listing
from apps.market.feeds.setting import check_setting
from apps.market.feeds.simulated import Simulated
from apps.market.fragments import DeskFragment
from apps.market.hours import calendar_named
from apps.market.models import Bar, Instrument, MarketState
from apps.market.quotes import board

from .build import RECORDED, tick

pytestmark = pytest.mark.django_db
NEW_YORK = calendar_named("XNYS")
SATURDAY = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
MONDAY_OPENS = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)
FRIDAY_CLOSES = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)  # early


@pytest.fixture(autouse=True)
def exchange_hours(settings: Any) -> None:
    settings.MARKET_CALENDAR = "XNYS"


def opened(at: datetime) -> None:
    services.open_market(Simulated(2, now=lambda: at))
    board.refresh()


def row() -> Instrument:
    return Instrument.objects.get(symbol="AAPL")


class WithCrypto(Simulated):
    def instruments(self) -> list[Listing]:
        stock, crypto = super().instruments()
        return [stock, Listing(crypto.symbol, crypto.name, around_the_clock=True)]


def test_desk_started_on_a_weekend_knows_the_last_session() -> None:
    opened(SATURDAY)

    state = queries.market_state()
    assert (state.is_open, state.calendar, state.phase, state.calendar_date) == (
        True,
        "XNYS",
        "closed",
        date(2026, 11, 27),
    )
    assert (row().calendar, row().session_date) == ("XNYS", date(2026, 11, 27))
    assert not state.is_quoting


def test_history_has_no_minute_of_closed_hours() -> None:
    opened(SATURDAY)

    starts = Bar.objects.order_by("start").values_list("start", flat=True)
    assert (starts[0], starts.last()) == (SATURDAY - timedelta(days=1), FRIDAY_CLOSES + timedelta(hours=3, minutes=59))


def test_session_begins_at_the_open_and_counts_from_the_close_before() -> None:
    opened(SATURDAY)
    last = Bar.objects.get(instrument=row(), start=FRIDAY_CLOSES - timedelta(minutes=1))

    before = [services.follow_hours(at) for at in (SATURDAY, MONDAY_OPENS - timedelta(milliseconds=1))]
    phase = queries.market_state().phase
    at_open = [services.follow_hours(at) for at in (MONDAY_OPENS, MONDAY_OPENS)]

    assert (before, phase, at_open) == ([False, True], "pre", [True, False])
    assert (row().session_date, row().previous_close) == (MONDAY_OPENS.date(), last.close)
    assert queries.market_state().phase == "open"
    assert Event.objects.filter(kind="market.opened").order_by("seq").last().facts == {
        "reason": "Open, closes at 21:00 UTC"
    }


def test_close_of_another_session_is_not_the_previous_one() -> None:
    """Nobody was there on Monday: on Tuesday changes count from the first price."""
    opened(SATURDAY)
    board.put(tick("150.00", MONDAY_OPENS))

    services.follow_hours(MONDAY_OPENS + timedelta(days=1))

    assert (row().previous_close, row().session_open) == (None, 150)


def test_what_trades_around_the_clock_keeps_the_feeds_session() -> None:
    feed = WithCrypto(2, now=lambda: SATURDAY)
    services.open_market(feed)

    coin = Instrument.objects.get(symbol="MSFT")
    assert (coin.calendar, coin.session_date) == ("24/7", SATURDAY.date())
    assert Bar.objects.filter(instrument=coin, start__gte=SATURDAY - timedelta(hours=1)).exists()
    assert not Bar.objects.filter(instrument=row(), start__gte=SATURDAY - timedelta(hours=1)).exists()


def test_calendar_given_up_brings_back_the_utc_days(settings: Any) -> None:
    opened(SATURDAY)
    settings.MARKET_CALENDAR = "24/7"

    opened(SATURDAY + timedelta(minutes=1))

    assert (row().calendar, row().session_date) == ("24/7", SATURDAY.date())
    assert queries.market_state().is_quoting
    assert board.hours == {}
    assert services.follow_hours(MONDAY_OPENS) is False


def test_closed_stock_is_not_stale_and_its_market_not_silent() -> None:
    opened(SATURDAY)
    stock, coin = (tick("150.00", FRIDAY_CLOSES, symbol) for symbol in ("AAPL", "COIN"))
    board.put(stock)

    assert board.old([stock, coin, None], SATURDAY) == (False, True, True)
    board.turned_silent(SATURDAY)  # it has just spoken
    assert not board.turned_silent(SATURDAY)

    services.follow_hours(MONDAY_OPENS)
    board.refresh()

    assert board.old([stock], MONDAY_OPENS) == (True,)
    assert board.newly_stale(MONDAY_OPENS) == ["AAPL"]
    assert board.turned_silent(MONDAY_OPENS)


@pytest.mark.parametrize(
    ("at", "state", "words"),
    [
        (SATURDAY, "closed", "Closed. Opens Mon 30 Nov 14:30 UTC"),
        (SATURDAY - timedelta(days=2), "closed", "Closed for Thanksgiving. Opens Fri 27 Nov 14:30 UTC"),
        (MONDAY_OPENS, "open", "Open, closes at 21:00 UTC"),
        (MONDAY_OPENS - timedelta(hours=1), "closed", "Before hours. Opens Mon 30 Nov 14:30 UTC"),
    ],
)
def test_every_page_says_when_the_market_opens_or_closes(at: datetime, state: str, words: str) -> None:
    with travel(at, tick=False):
        opened(at)
        board.put(tick("150.00", at))
        fragment = DeskFragment()
        html = render_to_string(fragment.template, fragment.context("desk", fragment.load("desk")))

    assert f'data-state="{state}"' in html
    assert words in html


def test_market_that_is_not_run_says_so_whatever_the_hour() -> None:
    opened(SATURDAY)
    services.close_session("The desk was stopped")

    fragment = DeskFragment()
    html = render_to_string(fragment.template, fragment.context("desk", fragment.load("desk")))

    assert "Market closed: The desk was stopped" in html
    assert MarketState.objects.get().phase == "closed"


def test_replay_keeps_the_hours_of_its_recording(settings: Any) -> None:
    settings.FEED = f"replay:{RECORDED}"

    with pytest.raises(FeedError, match="MARKET_CALENDAR is 'XNYS'; it must be 24/7 for a replay"):
        check_setting(settings)


@pytest.mark.parametrize(("at", "ids"), [("2026-11-28", []), ("2030-08-01", ["market.W001"])])
def test_check_warns_before_the_calendar_ends(at: str, ids: list[str]) -> None:
    with travel(f"{at}T12:00:00+00:00", tick=False):
        assert [warning.id for warning in calendar_ends(None)] == ids


def test_price_of_the_close_is_none_of_after_hours() -> None:
    opened(SATURDAY)
    Bar.objects.filter(start__gte=FRIDAY_CLOSES).update(close=Decimal(1))

    services.follow_hours(MONDAY_OPENS)

    assert row().previous_close > 1
