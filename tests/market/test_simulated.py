from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from apps.market.feeds import Tick
from apps.market.feeds.simulated import Simulated

START = datetime(2026, 3, 2, 10, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def clock(start: datetime = START, step: timedelta = timedelta(milliseconds=50)) -> Callable[[], datetime]:
    """A clock that moves by one step each time it is read."""
    moments = (start + step * count for count in range(10**9))
    return lambda: next(moments)


async def first(feed: Simulated, count: int) -> list[Tick]:
    ticks: list[Tick] = []
    quotes = feed.quotes()
    async for batch in quotes:
        ticks += batch
        if len(ticks) >= count:
            break
    await quotes.aclose()  # type: ignore[attr-defined]
    return ticks[:count]


async def test_same_seed_and_start_walk_the_same_way() -> None:
    one, same = [await first(Simulated(5, 50, seed=3, now=clock()), 60) for _ in range(2)]
    other = await first(Simulated(5, 50, seed=4, now=clock()), 60)

    assert one == same
    assert one != other


async def test_walk_leaves_the_global_generator_alone() -> None:
    """Channels draws its channel names from it."""
    before = random.getstate()

    await first(Simulated(3, 50), 20)

    assert random.getstate() == before


def test_history_is_a_whole_day_that_ends_with_the_last_whole_minute() -> None:
    feed = Simulated(2, now=clock())

    bars = list(feed.history(START - 2 * DAY, START, ["AAPL"]))

    assert len(bars) == 1440
    assert bars[-1].start == datetime(2026, 3, 2, 9, 59, tzinfo=UTC)
    assert all(after.start - before.start == timedelta(minutes=1) for before, after in pairwise(bars))
    assert all(after.open == before.close for before, after in pairwise(bars))


async def test_walk_goes_on_where_history_ends() -> None:
    feed = Simulated(3, 50, now=clock())
    closes = {bar.symbol: bar.close for bar in feed.history(START - DAY, START)}

    for tick in await first(feed, 3):
        assert abs(tick.last / closes[tick.symbol] - 1) < Decimal("0.002")


def test_history_after_downtime_goes_on_from_the_last_bar_saved() -> None:
    feed = Simulated(2, now=clock())
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    feed.resume({"AAPL": Decimal("300.00"), "MSFT": Decimal("50.00")}, at)

    bars = list(feed.history(at, START))

    assert [bar.start for bar in bars if bar.symbol == "AAPL"] == [at + timedelta(minutes=n) for n in range(1, 30)]
    assert {bar.symbol: bar.open for bar in bars[:2]} == {"AAPL": Decimal("300.00"), "MSFT": Decimal("50.00")}
    assert feed.session().previous_closes == {}


def test_history_after_a_month_away_begins_a_day_ago() -> None:
    feed = Simulated(1, now=clock())
    feed.resume({"AAPL": Decimal("300.00")}, START - 30 * DAY)

    assert len(list(feed.history(START - 30 * DAY, START))) == 1440


def test_history_of_many_symbols_looks_back_less_far() -> None:
    assert len(list(Simulated(2000, now=clock()).history(START - DAY, START))) == 60_000


def test_previous_close_is_the_price_at_midnight_utc() -> None:
    feed = Simulated(1, now=clock())
    midnight = datetime(2026, 3, 2, tzinfo=UTC)

    (bar,) = feed.history(midnight, midnight + timedelta(minutes=1))

    assert feed.session().previous_closes == {"AAPL": bar.open}
    assert feed.session().reason == "Simulated market, open around the clock"
    assert (feed.session().opens_at, feed.session().closes_at) == (midnight, midnight + DAY)


async def test_session_rolls_at_midnight_utc() -> None:
    feed = Simulated(1, 50, now=clock(datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC), timedelta(milliseconds=100)))
    before = feed.session()

    ticks = await first(feed, 30)

    after = feed.session()
    eve = [tick for tick in ticks if tick.received_at < before.closes_at][-1]
    assert after.date - before.date == DAY
    assert abs(after.previous_closes["AAPL"] / eve.last - 1) < Decimal("0.001")


async def test_walk_looks_like_a_market() -> None:
    ticks = await first(Simulated(20, 50, now=clock()), 4000)

    assert len({tick.symbol for tick in ticks}) == 20
    assert all(tick.bid <= tick.last <= tick.ask for tick in ticks)
    assert all(tick.spread <= Decimal("0.15") for tick in ticks)
    assert all(tick.bid_size % 100 == tick.ask_size % 100 == tick.volume % 100 == 0 for tick in ticks)
    assert all(tick.bid_size >= 100 and tick.ask_size >= 100 for tick in ticks)


def test_stocks_move_with_the_market() -> None:
    feed = Simulated(12, now=clock())
    closes: dict[str, list[float]] = {symbol: [] for symbol in feed.symbols}
    for bar in feed.history(START - DAY, START):
        closes[bar.symbol].append(float(bar.close))
    moves = {symbol: [b / a - 1 for a, b in pairwise(path)] for symbol, path in closes.items()}

    assert correlation(moves["SPY"], moves["QQQ"]) > 0.6
    assert correlation(moves["AAPL"], moves["MSFT"]) > 0.2
    assert 0.005 < max(closes["NVDA"]) / min(closes["NVDA"]) - 1 < 0.5


def correlation(one: list[float], other: list[float]) -> float:
    def inner(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    return inner(one, other) / (inner(one, one) * inner(other, other)) ** 0.5


async def test_ticks_are_spread_evenly() -> None:
    feed = Simulated(10, 10, now=clock())
    sizes = []
    quotes = feed.quotes()
    async for batch in quotes:
        sizes.append(len(batch))
        if len(sizes) == 20:
            break
    await quotes.aclose()  # type: ignore[attr-defined]

    assert 80 <= sum(sizes) <= 120
    assert max(sizes) <= 12


async def test_walk_goes_on_under_the_new_symbol() -> None:
    """Only the name differs, of quotes, closes and history."""
    one, other = (Simulated(2, 50, seed=3, now=clock()) for _ in range(2))
    other.rename("MSFT", "NEW")
    other.rename("GONE", "NOTHING")

    assert [each.symbol for each in other.instruments()] == ["AAPL", "NEW"]
    assert other.session().previous_closes["NEW"] == one.session().previous_closes["MSFT"]
    before, after = await first(one, 20), await first(other, 20)
    assert [tick.last for tick in before] == [tick.last for tick in after]
    assert {tick.symbol for tick in after} == {"AAPL", "NEW"}
    assert {bar.symbol for bar in other.history(START - DAY, START)} == {"AAPL", "NEW"}


async def test_shares_abroad_are_listed_with_the_pairs_that_convert_them() -> None:
    feed = Simulated(2, 50, now=clock(), abroad=True)
    listed = {each.symbol: (each.currency, each.tradable, each.tick_size) for each in feed.instruments()}
    ticks = {tick.symbol: tick for tick in await first(feed, 60)}

    assert listed["SAP.DE"] == ("EUR", True, Decimal("0.01"))
    assert listed["EURUSD"] == ("USD", False, Decimal("0.00001"))
    assert listed["7203.T"] == ("JPY", True, Decimal(1))
    assert listed["USDJPY"] == ("JPY", False, Decimal("0.001"))
    assert listed["AAPL"] == ("USD", True, Decimal("0.01"))
    assert ticks.keys() == listed.keys()
    assert abs(ticks["EURUSD"].mark - Decimal("1.0845")) < Decimal("0.1")


def test_shares_abroad_come_on_top() -> None:
    home, abroad = ({each.symbol for each in Simulated(3, abroad=far).instruments()} for far in (False, True))

    assert abroad - home == {"SAP.DE", "ULVR.L", "7203.T", "EURUSD", "GBPUSD", "USDJPY"}
