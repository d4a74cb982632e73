from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.desk.position import Split
from apps.live.models import Event
from apps.market import queries, services
from apps.market.feeds.replay import Replay
from apps.market.feeds.simulated import Simulated
from apps.market.models import Bar, Instrument, LastQuote
from apps.market.quotes import Board, board

from .build import NOON, bar, instrument, later, recording, tick

MORNING = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)


def simulated(symbols: int = 2, at: datetime = MORNING) -> Simulated:
    return Simulated(symbols, now=lambda: at)


def test_instruments_are_seeded_once_and_keep_their_edited_name(db: None) -> None:
    assert services.seed_instruments(simulated()) == 2
    Instrument.objects.filter(symbol="AAPL").update(name="Apple", tradable=False)

    assert services.seed_instruments(simulated(3)) == 1
    assert queries.instrument("AAPL").name == "Apple"
    assert not queries.instrument("AAPL").tradable


def test_instruments_are_seeded_from_the_feed_of_the_settings(db: None, settings: Any) -> None:
    settings.SIM_SYMBOLS = 21

    assert services.seed_instruments() == 21
    assert queries.instrument("SIM021").name == "Simulated consumer company 21"


def test_open_market_has_a_day_of_history_and_a_session(db: None, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.open_market(simulated())

    state, row = queries.market_state(), queries.instrument("AAPL")
    assert Bar.objects.count() == 2 * 1440
    assert (state.is_open, state.feed, state.reason) == (True, "simulated", "Simulated market, open around the clock")
    assert (state.session_date, row.session_date) == (MORNING.date(), MORNING.date())
    assert row.previous_close == Bar.objects.get(instrument=row, start=MORNING.replace(minute=0)).open
    assert board.status == state
    assert board.previous_close("AAPL") == row.previous_close
    assert Event.objects.get().kind == "market.opened"


def test_open_market_after_downtime_fills_only_the_gap(db: None) -> None:
    services.open_market(simulated())
    before = list(Bar.objects.values_list("pk", "close"))
    close = queries.instrument("AAPL").previous_close
    last = Bar.objects.filter(instrument__symbol="AAPL").latest("start")

    services.open_market(simulated(at=MORNING + timedelta(minutes=10)))

    gap = Bar.objects.filter(instrument__symbol="AAPL", start__gt=last.start).order_by("start")
    assert gap.count() == 10
    assert gap[0].open == last.close
    assert set(before) <= set(Bar.objects.values_list("pk", "close"))
    assert queries.instrument("AAPL").previous_close == close


def test_session_that_rolls_takes_new_closes(db: None, django_capture_on_commit_callbacks: Any) -> None:
    feed = simulated()
    services.open_market(feed)
    assert services.follow_session(feed) is False
    prices = feed.prices()
    feed.roll(MORNING.date() + timedelta(days=1))

    with django_capture_on_commit_callbacks(execute=True):
        assert services.follow_session(feed) is True

    assert queries.market_state().session_date == MORNING.date() + timedelta(days=1)
    assert board.previous_close("AAPL") == queries.instrument("AAPL").previous_close == prices["AAPL"]


async def play(feed: Replay) -> None:
    async for _ in feed.quotes():
        pass


@pytest.mark.django_db(transaction=True)
def test_split_close_reaches_the_board_of_another_process(db: None) -> None:
    services.open_market(simulated())
    Instrument.objects.filter(symbol="AAPL").update(previous_close=100)
    other = Board()
    other.refresh()

    services.split_prices(Split("AAPL", 2, 1), datetime.now(UTC), datetime.now(UTC))
    before = other.previous_close("AAPL")
    other.refresh()

    assert (before, other.previous_close("AAPL")) == (100, 50)


def test_recording_that_ends_closes_the_market(db: None, tmp_path: Path) -> None:
    feed = Replay(recording(tmp_path, "2013-10-07T13:30:00Z,SPY,10,10.05,100,200,10,1"), 1e8)
    services.open_market(feed)
    assert (queries.instrument("SPY").previous_close, queries.instrument("SPY").session_open) == (None, 10)

    asyncio.run(play(feed))

    assert services.follow_session(feed) is True
    assert queries.market_state().reason == "The recording ended at 2013-10-07 13:30:00 UTC"
    assert not queries.market_state().is_open
    assert list(Event.objects.order_by("seq").values_list("kind", flat=True)) == ["market.opened", "market.closed"]


def test_recording_that_starts_over_forgets_the_bars_of_the_run_before(db: None, tmp_path: Path) -> None:
    row = instrument("SPY")
    start = datetime(2013, 10, 7, 13, 30, tzinfo=UTC)
    services.save_bars(bar("1 1 1 1", start + timedelta(minutes=n), "SPY") for n in (-1, 0, 1))
    services.split_prices(Split("SPY", 2, 1), start + timedelta(minutes=1), datetime.now(UTC))

    services.open_market(Replay(recording(tmp_path, "2013-10-07T13:30:00Z,SPY,10,10.05,100,200,10,1")))

    assert [each.start for each in Bar.objects.filter(instrument=row)] == [start - timedelta(minutes=1)]
    assert [each.close for each in queries.bars("SPY", 5)] == [1]


def test_quotes_are_saved_over_those_before(db: None, django_assert_num_queries: Any) -> None:
    instrument("AAPL")
    instrument("MSFT")
    services.save_quotes([tick("10"), tick("20", symbol="MSFT")])

    with django_assert_num_queries(2):
        saved = services.save_quotes([tick("11", later(1)), tick("12", later(2)), tick("5", symbol="NOPE")])

    assert saved == 1
    assert set(LastQuote.objects.values_list("instrument__symbol", "last")) == {
        ("AAPL", Decimal(12)),
        ("MSFT", Decimal(20)),
    }


def test_bars_are_saved_over_those_of_the_same_minute(db: None) -> None:
    instrument()
    services.save_bars([bar("1 1 1 1"), bar("2 2 2 2", later(60))])

    assert services.save_bars([bar("1 3 1 3"), bar("5 5 5 5", symbol="NOPE")]) == 1

    assert queries.bars("AAPL", 5) == [bar("1 3 1 3"), bar("2 2 2 2", later(60))]


def test_saving_nothing_is_nothing(db: None) -> None:
    assert (services.save_quotes([]), services.save_bars([])) == (0, 0)


def test_beat_is_the_pulse_of_the_desk(db: None) -> None:
    services.open_session(simulated())

    services.beat(NOON, later(1))
    services.beat(later(2))

    assert queries.market_state().beat_at == later(2)
