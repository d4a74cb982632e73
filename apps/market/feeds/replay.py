"""A recorded market, played again at a chosen speed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from apps.desk.money import ZERO

from .base import Feed, Listing, Session, Tick, utc_now
from .listed import NAMES
from .recording import Row, moments, survey

LEAST_SLEEP = 0.001


class Replay(Feed):
    """Checks the whole recording when it is made, then streams it. `speed` 1 is real time."""

    name = "replay"
    starts_over = True

    def __init__(self, path: Path, speed: float = 1.0, now: Callable[[], datetime] = utc_now) -> None:
        self.path = path
        self.speed = speed
        self.now = now
        self.survey = survey(path)
        self.at = self.survey.first_at
        self.ended = False
        self.last: dict[str, Decimal] = {}
        self.closes: dict[str, Decimal] = {}
        self.names = {symbol: symbol for symbol in self.survey.opening_prices}  # of what is recorded, today

    def clock(self) -> datetime:
        return self.at

    def instruments(self) -> list[Listing]:
        return [Listing(self.names[symbol], NAMES.get(symbol, symbol)) for symbol in sorted(self.names)]

    def rename(self, old: str, new: str) -> None:
        self.names |= {recorded: new for recorded, name in self.names.items() if name == old}

    def session(self) -> Session:
        found = self.survey
        if self.ended:
            reason = f"The recording ended at {found.last_at:%Y-%m-%d %H:%M:%S} UTC"
        else:
            reason = f"Recorded market of {found.first_at:%Y-%m-%d}, replayed at {self.speed:g}×"
        return Session(
            self.at.date(),
            found.first_at,
            found.last_at,
            not self.ended,
            reason,
            self.named(self.closes),
            {} if self.closes else self.named(found.opening_prices),
        )

    def named(self, prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
        return {self.names.get(symbol, symbol): price for symbol, price in prices.items()}

    async def quotes(self) -> AsyncIterator[list[Tick]]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for at, rows in moments(self.path):
            wait = (at - self.survey.first_at).total_seconds() / self.speed - (loop.time() - began)
            await asyncio.sleep(wait if wait > LEAST_SLEEP else 0)
            if at.date() != self.at.date():
                self.closes = dict(self.last)
            self.at = at
            batch = self.ticks(rows)
            if batch:
                yield batch
        self.ended = True

    def ticks(self, rows: Iterable[Row]) -> list[Tick]:
        """A row without bid and ask gives no quote; without a trade, the last price known stands."""
        batch = []
        stamp = self.now()
        for row in rows:
            if row.last is not None:
                self.last[row.symbol] = row.last
            if row.bid is None or row.ask is None:
                continue
            last = self.last.get(row.symbol) or (row.bid + row.ask) / 2
            sizes = (row.bid_size or ZERO, row.ask_size or ZERO)
            symbol = self.names[row.symbol]
            batch.append(Tick(symbol, row.bid, row.ask, *sizes, last, row.at, stamp, row.volume or ZERO))
        return batch
