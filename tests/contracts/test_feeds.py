"""What every feed must do. A new feed adds itself to FEEDS and passes all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from apps.market.feeds import Feed, FeedError, Tick
from apps.market.feeds.replay import Replay
from apps.market.feeds.simulated import Simulated

RECORDED = Path(__file__).parents[1] / "market" / "recorded" / "simulated.csv.gz"
FEEDS: dict[str, Callable[[], Feed]] = {
    "simulated": lambda: Simulated(20, 50),
    "simulated, abroad too": lambda: Simulated(3, 50, abroad=True),
    "replay": lambda: Replay(RECORDED, 60),
    "replay at once": lambda: Replay(RECORDED, 1e8),
}


@pytest.fixture(params=FEEDS)
def feed(request: pytest.FixtureRequest) -> Feed:
    return FEEDS[request.param]()


async def first(feed: Feed, count: int) -> list[Tick]:
    ticks: list[Tick] = []
    quotes: AsyncIterator[list[Tick]] = feed.quotes()
    async for batch in quotes:
        assert batch, "an empty batch says nothing"
        ticks += batch
        if len(ticks) >= count:
            break
    await quotes.aclose()  # type: ignore[attr-defined]
    return ticks


async def test_f01_bid_is_not_above_ask(feed: Feed) -> None:
    assert all(Decimal(0) < tick.bid <= tick.ask for tick in await first(feed, 100))


async def test_f02_times_are_aware_and_rise_for_each_symbol(feed: Feed) -> None:
    ticks = await first(feed, 100)

    for symbol in {tick.symbol for tick in ticks}:
        own = [tick for tick in ticks if tick.symbol == symbol]
        assert all(one.venue_at < next_one.venue_at for one, next_one in pairwise(own))
        assert all(one.received_at < next_one.received_at for one, next_one in pairwise(own))
    assert all(tick.received_at.utcoffset() == timedelta(0) for tick in ticks)
    assert all(tick.venue_at.tzinfo is not None for tick in ticks)


async def test_f03_a_batch_is_stamped_when_it_is_handed_over(feed: Feed) -> None:
    quotes = feed.quotes()
    async for batch in quotes:
        asked = datetime.now(UTC)
        assert all(abs(asked - tick.received_at) < timedelta(seconds=0.5) for tick in batch)
        break
    await quotes.aclose()  # type: ignore[attr-defined]


async def test_f04_cancelling_ends_it_within_a_second(feed: Feed) -> None:
    async def listen() -> None:
        async for _ in feed.quotes():
            heard.set()

    heard = asyncio.Event()
    listening = asyncio.create_task(listen())
    await heard.wait()

    listening.cancel()

    done, _ = await asyncio.wait([listening], timeout=1)
    assert done == {listening}


async def test_f05_quotes_only_what_it_lists(feed: Feed) -> None:
    listed = {each.symbol: each for each in feed.instruments()}

    ticks = await first(feed, 100)

    assert {tick.symbol for tick in ticks} <= set(listed)
    assert all(each.name and each.tick_size > 0 for each in listed.values())
    assert len(listed) == len(feed.instruments())


def test_f06_an_unknown_symbol_is_refused(feed: Feed) -> None:
    now = feed.clock()

    with pytest.raises(FeedError, match="no instrument NOPE"):
        list(feed.history(now - timedelta(hours=1), now, ["NOPE"]))


def test_f07_history_is_well_formed(feed: Feed) -> None:
    now = feed.clock()
    listed = {each.symbol for each in feed.instruments()}

    bars = list(feed.history(now - timedelta(hours=2), now))

    assert [bar.start for bar in bars] == sorted(bar.start for bar in bars)
    assert len({(bar.symbol, bar.start) for bar in bars}) == len(bars)
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert now - timedelta(hours=2) <= bar.start < now
        assert (bar.start.second, bar.start.microsecond, bar.symbol in listed) == (0, 0, True)


def test_f08_the_clock_is_aware_and_within_the_session(feed: Feed) -> None:
    session = feed.session()

    assert session.opens_at <= feed.clock() <= session.closes_at
    assert session.is_open
    assert session.reason


def test_f09_every_symbol_has_a_price_that_changes_count_from(feed: Feed) -> None:
    session = feed.session()

    assert {**session.opening_prices, **session.previous_closes}.keys() == {e.symbol for e in feed.instruments()}


async def test_f10_prices_are_on_the_tick_and_sizes_are_whole_shares(feed: Feed) -> None:
    tick_sizes = {each.symbol: each.tick_size for each in feed.instruments()}

    for tick in await first(feed, 100):
        assert (tick.bid % tick_sizes[tick.symbol], tick.ask % tick_sizes[tick.symbol]) == (0, 0)
        assert (tick.bid_size % 1, tick.ask_size % 1, tick.volume % 1) == (0, 0, 0)
