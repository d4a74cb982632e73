"""Beside the desk: sees every quote it takes, judges what waits, and has it told off the loop."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from apps.desk.crossing import Bands, Crossing
from apps.desk.quote import Quote
from apps.live import bus
from apps.market.bars import MINUTE
from apps.market.queries import last_minute_each
from apps.trades.engine import Desk
from apps.trades.threads import in_thread

from .figures import day_pnl_each
from .firing import fire, keep_back
from .missed import Seen, last_seen, missed_crossings
from .queries import DAY, Waiting, waiting_alerts
from .services import ALERTS_RING

LOOK = timedelta(seconds=5)  # a ring that was lost is made good by then
RECENT = timedelta(seconds=15)  # so long quotes are kept, for alerts that were made before they came and read after
SECOND = 1.0
Owed = tuple[datetime, Crossing]


class AlertWatcher:
    """1. `take` judges each quote against the bands of its symbol, on the loop, without the database.
    2. `turn` reads what waits when something has changed, and plays to what is new the quotes that came meanwhile.
    3. `turn` tells what has crossed; what cannot be told now is kept, with its time, and tried again.

    The P&L of a day is no stream of quotes: it is looked at once a second.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.bands: defaultdict[str, Bands] = defaultdict(Bands)
        self.waiting: dict[int, Waiting] = {}
        self.seen: dict[str, Seen] = {}
        self.recent: deque[tuple[str, Seen]] = deque()
        self.crossed: dict[int, Owed] = {}
        self.back: dict[int, tuple[datetime, Decimal]] = {}
        self.wake = asyncio.Event()
        self.changed = True
        self.begun = False
        self.looked_at = self.heard_since = self.alive_until = desk.clock()

    async def begin(self) -> None:
        """Takes over from the desk before: its last quotes, and what the minutes since then say."""
        self.seen = {**await in_thread(last_seen), **self.seen}
        self.heard_since = self.desk.clock()
        self.alive_until = max((seen.at for seen in self.seen.values()), default=self.heard_since)
        await self.look()
        symbols = {row.of for row in self.waiting.values() if self.has_minutes(row.of)}
        for bar in await in_thread(last_minute_each, symbols, self.heard_since):
            if bar.symbol in self.seen and bar.start > self.seen[bar.symbol].at:  # where it was is known for longer
                self.seen[bar.symbol] = Seen(bar.start + MINUTE, bar.close)
        self.begun = True

    def take(self, batch: Sequence[Quote]) -> None:
        for quote in batch:
            by_venue = abs(quote.received_at - quote.venue_at) < MINUTE
            self.see(quote.symbol, Seen(quote.received_at, quote.last, by_venue))
        if batch:
            self.drop_before(batch[-1].received_at - RECENT)

    def drop_before(self, oldest: datetime) -> None:
        while self.recent and self.recent[0][1].at < oldest:
            self.recent.popleft()

    def see(self, of: str, now: Seen) -> None:
        """The figure's next value. One that is older than the last is no step of the path."""
        before = self.seen.get(of)
        if before is not None and now.at < before.at:
            return
        self.seen[of] = now
        self.recent.append((of, now))
        bands = self.bands.get(of)
        if bands is None or bands.is_quiet(now.value):
            return
        moved = bands.see(now.value)
        for key in moved.crossed:
            self.owe(int(key), crossing_between(before, now))
        self.back |= {int(key): (self.waiting[int(key)].since, now.value) for key in moved.back}
        self.wake.set()

    def owe(self, alert_id: int, crossing: Crossing) -> None:
        self.crossed[alert_id] = self.waiting[alert_id].since, crossing
        self.back.pop(alert_id, None)
        self.wake.set()

    # Off the quotes' way

    async def run(self) -> None:
        bus.subscribe(bus.RINGS, self.hear_ring)
        try:
            while True:
                await self.desk.step("alerts", self.turn)
                try:
                    await asyncio.wait_for(self.wake.wait(), SECOND)
                except TimeoutError:
                    await self.desk.step("day P&L", self.look_at_days)
                self.wake.clear()
        finally:
            bus.unsubscribe(bus.RINGS, self.hear_ring)

    def hear_ring(self, stream: str) -> None:
        if stream == ALERTS_RING:
            self.changed = True
            self.wake.set()

    async def turn(self) -> None:
        if not self.begun:
            await self.begin()
        elif self.changed or self.desk.clock() - self.looked_at > LOOK:
            await self.look()
        await self.tell()

    async def look(self) -> None:
        """Reads what waits. What is there unchanged goes on; what was made before the quotes that are kept has the
        minutes looked at first."""
        self.changed = False
        now, kept_since = self.desk.clock(), self.heard_since
        rows = await in_thread(waiting_alerts)
        fresh = [row for row in rows.values() if not row.is_as(self.waiting.get(row.alert_id))]
        late = [row for row in fresh if row.since < max(kept_since, now - RECENT) and self.has_minutes(row.of)]
        missed = await in_thread(missed_crossings, late, self.seen_before(kept_since), now) if late else {}
        for alert_id in self.waiting.keys() - rows.keys():
            self.forget(alert_id)
        path = list(self.recent)
        for row in fresh:
            self.place(row, path, missed.get(row.alert_id))
        self.looked_at = now

    def seen_before(self, moment: datetime) -> dict[str, Seen]:
        """What was known when this turn began: what has been seen since then is played, not looked up."""
        return {of: seen for of, seen in self.seen.items() if seen.at <= moment}

    def has_minutes(self, of: str) -> bool:
        """Whether the minutes on record are of this figure and of our time."""
        return not of.startswith(DAY) and (of not in self.seen or self.seen[of].by_venue)

    def place(self, row: Waiting, path: Iterable[tuple[str, Seen]], missed: Crossing | None) -> None:
        """Puts it where the figure's next value finds it, unless what came since it was made has crossed already."""
        self.forget(row.alert_id)
        self.waiting[row.alert_id] = row
        if missed is not None:
            self.owe(row.alert_id, missed)
            return
        alone, key, before = Bands(), str(row.alert_id), Seen(row.since, row.base)
        last = self.seen.get(row.of)
        alone.put(key, row.band, row.base)
        if last is not None and row.since < last.at <= self.heard_since:
            before = last
            if alone.see(last.value).crossed:  # seen by a desk that did not live to tell it
                self.owe(row.alert_id, Crossing(last.at, last.value))
                return
        for of, seen in path:
            if of == row.of and seen.at > before.at:
                if alone.see(seen.value).crossed:
                    self.owe(row.alert_id, crossing_between(before, seen))
                    return
                before = seen
        self.bands[row.of].put(key, row.band, before.value)

    def forget(self, alert_id: int) -> None:
        row = self.waiting.pop(alert_id, None)
        if row is not None:
            self.bands[row.of].take(str(alert_id))
            if not self.bands[row.of]:
                del self.bands[row.of]

    async def look_at_days(self) -> None:
        since = {row.of: row.since for row in self.waiting.values() if row.of.startswith(DAY)}
        users = {of: int(of.removeprefix(DAY)) for of in since}
        known = await in_thread(day_pnl_each, users.values()) if users else {}
        now = self.desk.clock()
        for of, user_id in users.items():
            if user_id in known:
                self.seen.setdefault(of, Seen(max(since[of], self.alive_until), known[user_id]))
                self.see(of, Seen(now, known[user_id]))
        self.drop_before(now - RECENT)

    async def tell(self) -> None:
        """Whatever fails here stays owed, and keeps no other from being told."""
        for alert_id, (since, value) in list(self.back.items()):
            if await self.desk.step("alert", in_thread, keep_back, alert_id, since, value) is not None:
                self.back.pop(alert_id, None)
        for alert_id, (since, crossing) in list(self.crossed.items()):
            if (
                await self.desk.step("alert", in_thread, fire, alert_id, since, crossing, self.desk.clock())
                is not None
            ):
                self.crossed.pop(alert_id, None)


def crossing_between(before: Seen | None, now: Seen) -> Crossing:
    """Where the two are further apart than fresh quotes are, it may have been at any time between them."""
    fresh = timedelta(milliseconds=settings.QUOTE_STALE_MS)
    apart = before is not None and now.at - before.at > fresh
    return Crossing(now.at, now.value, before.at if before is not None and apart else None)
