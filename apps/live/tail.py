"""Follows the numbered streams of everybody who is connected: nothing lost, nothing twice, in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection

from apps import telemetry

from .digest import MOST, digest_of, draw_digest
from .heartbeat import answer
from .models import Event, Stream
from .readers import on_reader
from .switches import close_switched_off
from .toasts import draw_beat, draw_toast
from .topics import EVERYTHING, GONE, user_stream
from .viewer import Viewer

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)

BATCH = 500
BEAT_SECONDS = 2.0


@dataclass
class Followed:
    """A stream somebody follows; `again` says that it rang while it was being read."""

    viewers: set[Viewer] = field(default_factory=set)
    seq: int = 0
    reading: bool = False
    again: bool = False


def events_after(stream: str, seq: int) -> list[Event]:
    return list(Event.objects.filter(stream__name=stream, seq__gt=seq).order_by("seq")[:BATCH])


def last_numbers(streams: list[str]) -> dict[str, int]:
    """Asked each second for every user who is connected, so by words of our own: Django takes four times as long to
    find its own for so many names."""
    numbers: dict[str, int] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(streams), BATCH):
            names = streams[start : start + BATCH]
            marks = ", ".join(["%s"] * len(names))
            cursor.execute(f"SELECT name, seq FROM {Stream._meta.db_table} WHERE name IN ({marks})", names)  # noqa: S608
            numbers |= dict(cursor.fetchall())
    return numbers


class Tail:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.followed: dict[str, Followed] = {}
        self.sweeps: list[Callable[[], Iterable[str]]] = []

    def follow(self, viewer: Viewer) -> None:
        """The viewer's cursors say from which numbers on, its `newest` which it could have had."""
        for stream, cursor in viewer.cursors.items():
            followed = self.followed.setdefault(stream, Followed())
            followed.viewers.add(viewer)
            followed.seq = max(followed.seq, viewer.newest.get(stream, cursor))
            if cursor < followed.seq:
                self.rung(stream)

    def forget(self, viewer: Viewer) -> None:
        for stream in viewer.cursors:
            followed = self.followed.get(stream)
            if followed is not None:
                followed.viewers.discard(viewer)
                if not followed.viewers:
                    del self.followed[stream]

    def rung(self, stream: str) -> None:
        followed = self.followed.get(stream)
        if followed is None:
            return
        followed.again = True
        if not followed.reading:
            followed.reading = True
            self.hub.spawn(self.read(stream, followed))

    async def read(self, stream: str, followed: Followed) -> None:
        try:
            while followed.again and followed.viewers:
                followed.again = False
                await self.sum_up(stream, followed)
                low = min(viewer.cursors[stream] for viewer in followed.viewers)
                events = await on_reader(events_after, stream, low)
                followed.again |= len(events) == BATCH
                for event in events:
                    self.tell(stream, followed, event)
        except Exception:
            telemetry.faults.labels("tail").inc()
            log.exception("reading stream %s failed; the next sweep tries again", stream)
        finally:
            followed.reading = False

    async def sum_up(self, stream: str, followed: Followed) -> None:
        """Gives a page that comes back and missed too many one toast for them all; what it missed later is told."""
        away: dict[tuple[int, int], list[Viewer]] = {}
        for viewer in followed.viewers:
            gap = viewer.cursors[stream], viewer.newest.get(stream, 0)
            if gap[1] - gap[0] > MOST:
                away.setdefault(gap, []).append(viewer)
        for (after, upto), viewers in away.items():
            digest = await on_reader(digest_of, stream, after, upto)
            payload = draw_digest(digest).encode() if digest else b""
            for viewer in viewers:
                if payload and viewer in followed.viewers and viewer.send(payload):
                    viewer.cursors[stream] = upto

    def tell(self, stream: str, followed: Followed, event: Event) -> None:
        """Gives the event to each viewer that has seen all before it; a slow one gets it at a later sweep."""
        payload = draw_toast(event).encode() if event.toast else b""
        for viewer in followed.viewers:
            if viewer.cursors[stream] == event.seq - 1 and (not payload or viewer.send(payload)):
                viewer.cursors[stream] = event.seq
        if event.seq > followed.seq:
            followed.seq = event.seq
            self.hub.guard.send_on({topic.removeprefix(GONE) for topic in event.topics if topic.startswith(GONE)})
            for topic in list(self.hub.watched) if EVERYTHING in event.topics else event.topics:
                self.hub.outdated(topic)

    async def sweep_for_ever(self, seconds: float) -> None:
        """Looks at every followed stream by itself: a lost ring costs a second, never an event."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.sweep()
            except Exception:
                telemetry.faults.labels("sweep").inc()
                log.exception("a sweep failed")

    async def sweep(self) -> None:
        for source in self.sweeps:
            for topic in source():
                self.hub.moved(topic)
        self.hub.hidden.sweep()
        self.hub.refresh.sweep()
        self.beat()
        self.count()
        await self.hub.guard.look()
        await close_switched_off(self.hub)
        numbers = await on_reader(last_numbers, list(self.followed))
        for stream, seq in numbers.items():
            followed = self.followed.get(stream)
            if followed and any(viewer.cursors[stream] < seq for viewer in followed.viewers):
                self.rung(stream)
        self.hub.reading.sweep()
        self.hub.pace.sweep()

    def count(self) -> None:
        """What is kept for pages, so that all can see that it ends with them."""
        telemetry.topics_watched.set(len(self.hub.watched))
        telemetry.streams_followed.set(len(self.followed))
        telemetry.seats_taken.set(sum(map(len, self.hub.guard.doors.seats.values())))

    def beat(self) -> None:
        """A page that got nothing for a while gets a heartbeat, so that it can tell silence from a dead line."""
        quiet_since = time.monotonic() - BEAT_SECONDS
        for viewer in self.hub.viewers:
            if viewer.asked is not None:
                answer(viewer)
            if viewer.last_sent < quiet_since:
                viewer.send(draw_beat(viewer.cursors[user_stream(viewer.user_id)]).encode())
