"""A market made of nothing but a seed: open around the clock, with a day of history behind it."""

from __future__ import annotations

import asyncio
import random
from array import array
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from heapq import heapify, heapreplace

from apps.market.bars import MINUTE, MinuteBar, minute_of

from .base import Feed, Listing, Session, Tick, utc_now
from .listed import ABROAD, Stock, stocks
from .walk import Walk

MOST_SYMBOLS = 2000
MOST_TICKS = 50
MOST_FIGURES = 10_000  # prices and sizes that come again and again
MOST_BARS = 60_000  # a day of history for 40 symbols; more symbols look back less far
HISTORY_MINUTES = 1440
STEP = 0.05  # seconds between batches, shorter only for a high rate
MOST_LATE = 1.0  # a loop that was held up longer (a suspended machine) goes on from now instead of catching up
MOVES_A_MINUTE = 5


def ticks(price: float, stock: Stock) -> int:
    return max(2, round(price * stock.scale))


@lru_cache(maxsize=MOST_FIGURES)
def price(ticks: int, places: int) -> Decimal:
    return Decimal(ticks).scaleb(-places)


def price_of(ticks: int, stock: Stock) -> Decimal:
    return price(ticks, stock.places)


@lru_cache(maxsize=MOST_FIGURES)
def shares(lots: int) -> Decimal:
    return Decimal(100 * lots)


class Simulated(Feed):
    """Ticks are evenly spread with jitter. The same seed, start and resumption make the same walk. With `abroad` there
    are shares in other currencies too."""

    name = "simulated"

    def __init__(
        self,
        symbols: int = 20,
        rate: float = 1.0,
        seed: int = 7,
        now: Callable[[], datetime] = utc_now,
        *,
        abroad: bool = False,
    ) -> None:
        self.stocks = [*stocks(symbols), *(ABROAD if abroad else ())]
        self.symbols = [stock.symbol for stock in self.stocks]
        self.rate = rate
        self.now = now
        self.rng = random.Random(seed)  # noqa: S311 -- a walk, no secret; the global generator is Channels' own
        self.walk = Walk(self.rng, self.stocks)
        self.past: list[tuple[datetime, array[int]]] = []
        self.day: date | None = None
        self.closes: dict[str, Decimal] = {}
        self.resumed_at: datetime | None = None
        self.resumed: frozenset[str] = frozenset()

    def clock(self) -> datetime:
        return self.now()

    def instruments(self) -> list[Listing]:
        return [
            Listing(
                stock.symbol,
                stock.name,
                Decimal(1).scaleb(-stock.places),
                currency=stock.currency,
                tradable=stock.tradable,
            )
            for stock in self.stocks
        ]

    def session(self) -> Session:
        opens_at = datetime.combine(self.begin(), time(tzinfo=UTC))
        reason = "Simulated market, open around the clock"
        return Session(opens_at.date(), opens_at, opens_at + timedelta(days=1), True, reason, dict(self.closes))

    def resume(self, closes: Mapping[str, Decimal], at: datetime) -> None:
        self.resumed_at, self.resumed = at, frozenset(closes)
        for index, symbol in enumerate(self.symbols):
            if symbol in closes:
                self.walk.place(index, float(closes[symbol]))

    def split(self, symbol: str, new: int, old: int) -> None:
        if symbol in self.symbols:
            index = self.symbols.index(symbol)
            self.walk.place(index, self.walk.price(index) * old / new)

    def rename(self, old: str, new: str) -> None:
        if old not in self.symbols:
            return
        index = self.symbols.index(old)
        self.symbols[index], self.stocks[index] = new, replace(self.stocks[index], symbol=new)
        if old in self.closes:
            self.closes[new] = self.closes.pop(old)

    def begin(self) -> date:
        """Walks from where the record ends (or a day ago) to the minute that now runs; says the day."""
        if self.day is not None:
            return self.day
        self.started_at = self.now()
        end = minute_of(self.started_at)
        span = timedelta(minutes=min(HISTORY_MINUTES, MOST_BARS // len(self.stocks)))
        start = end - span
        if self.resumed_at is None:
            self.closes = self.prices()
        elif self.resumed_at + MINUTE < start:
            self.move_everything((start - self.resumed_at).total_seconds())
            self.closes = self.prices()
        else:
            start = self.resumed_at + MINUTE
            self.closes = {symbol: price for symbol, price in self.prices().items() if symbol not in self.resumed}
        while start < end:
            if start.time() == time.min:
                self.closes = self.prices()
            self.past.append((start, self.trade_minute()))
            start += MINUTE
        self.day = end.date()
        return self.day

    def prices(self) -> dict[str, Decimal]:
        prices = [(stock, ticks(self.walk.price(index), stock)) for index, stock in enumerate(self.stocks)]
        return {stock.symbol: price_of(price, stock) for stock, price in prices}

    def move_everything(self, seconds: float) -> None:
        self.walk.move_all(seconds)
        for index in range(len(self.symbols)):
            self.walk.move(index, seconds)

    def trade_minute(self) -> array[int]:
        """Open, high, low, close in ticks and round lots traded of every symbol."""
        paths = [[ticks(self.walk.price(index), stock)] for index, stock in enumerate(self.stocks)]
        for _ in range(MOVES_A_MINUTE):
            self.walk.move_all(60 / MOVES_A_MINUTE)
            for index, (stock, path) in enumerate(zip(self.stocks, paths, strict=True)):
                path.append(ticks(self.walk.move(index, 60 / MOVES_A_MINUTE), stock))
        bars = array("q")
        for stock, path in zip(self.stocks, paths, strict=True):
            lots = 1 + int(self.rng.expovariate(1 / (60 * self.rate * stock.depth)))
            bars.extend((path[0], max(path), min(path), path[-1], lots))
        return bars

    def history(self, since: datetime, until: datetime, symbols: Collection[str] = ()) -> Iterator[MinuteBar]:
        self.refuse_unknown(symbols)
        self.begin()
        return self.bars_of(since, until, frozenset(symbols or self.symbols))

    def bars_of(self, since: datetime, until: datetime, symbols: frozenset[str]) -> Iterator[MinuteBar]:
        for start, bars in self.past:
            if since <= start < until:
                for index, stock in enumerate(self.stocks):
                    if stock.symbol in symbols:
                        *path, lots = bars[5 * index : 5 * index + 5]
                        first, high, low, last = (price_of(each, stock) for each in path)
                        yield MinuteBar(stock.symbol, start, first, high, low, last, shares(lots))

    async def quotes(self) -> AsyncIterator[list[Tick]]:
        self.begin()
        gap, count = 1 / self.rate, len(self.stocks)
        # A tick falls anywhere in the first half of its slot: two of a symbol are more than half a slot apart
        step = min(STEP, gap / 2)
        due = [(gap * index / count, gap * index / count, index) for index in range(count)]
        heapify(due)
        moved_at = [-gap] * count
        loop = asyncio.get_running_loop()
        began, walked, stamp = loop.time(), 0.0, self.started_at
        while True:
            walked += step
            late = loop.time() - began - walked
            if late > MOST_LATE:
                began += late
            await asyncio.sleep(max(0.0, -late))
            self.walk.move_all(step)
            stamp = max(self.now(), stamp + timedelta(microseconds=1))
            self.roll(stamp.date())
            batch = []
            while due[0][0] <= walked:
                at, slot, index = due[0]
                slot += gap
                heapreplace(due, (slot + gap / 2 * self.rng.random(), slot, index))
                batch.append(self.tick(index, at - moved_at[index], stamp))
                moved_at[index] = at
            if batch:
                yield batch

    def roll(self, day: date) -> None:
        """At midnight UTC the prices become the previous closes of a new session."""
        if day != self.day:
            self.closes = self.prices()
            self.day = day

    def tick(self, index: int, seconds: float, stamp: datetime) -> Tick:
        stock, rng = self.stocks[index], self.rng.random
        spread = stock.spread + (rng() < 0.25)
        bid = max(1, int(stock.scale * self.walk.move(index, seconds) - spread / 2 + 0.5))
        ask = bid + spread
        return Tick(
            stock.symbol,
            price(bid, stock.places),
            price(ask, stock.places),
            shares(1 + int(4 * rng() * rng() * stock.depth)),
            shares(1 + int(4 * rng() * rng() * stock.depth)),
            price(bid if rng() < 0.5 else ask, stock.places),
            stamp,
            stamp,
            shares(int(2 * rng() * stock.depth)),
        )
