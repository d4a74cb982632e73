"""One hub a process: hears what changed, draws each changed topic once, sends every page one frame.

It is the only place that draws for sockets, so an older state can never overtake a newer one. Events (toasts)
go out at once, in order, from the database; states wait for the tick and only the newest of each is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from apps import telemetry

from . import bus
from .entrance import Entrance
from .guard import Guard
from .hidden import Hidden
from .pace import Pace
from .reading import Reading
from .refresh import Refresh
from .tail import Tail
from .viewer import Viewer, send_news
from .watched import News, Watched

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
DRAWS_AT_ONCE = 0.02  # seconds of a flush for what has new facts, as many for the rest; then the next has its turn
SENDS_AT_ONCE = 128
PACE = 1.1  # an adaptive tick starts the next flush no sooner than this many times the last one's cost


class Hub:
    """`tick` is the least seconds between two flushes; 0 lets a flush's own cost decide."""

    def __init__(self, tick: float = 0.0) -> None:
        self.tick = tick
        self.watched: dict[str, Watched] = {}
        self.news = News()
        self.followers: dict[str, set[str]] = {}
        self.viewers: set[Viewer] = set()
        self.joined: set[Viewer] = set()  # those, and who only listens
        self.moving: set[str] = set()
        self.behind: set[Viewer] = set()
        self.wake = asyncio.Event()
        self.urgent = False
        self.last_flush = 0.0
        self.cost = 0.0
        self.tail = Tail(self)
        self.guard = Guard(self)
        self.entrance = Entrance()
        self.reading = Reading(self)
        self.pace = Pace()
        self.hidden = Hidden(self)
        self.refresh = Refresh(self)
        self.companions: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.tasks: set[asyncio.Task[Any]] = set()

    # What pages ask

    def join(self, viewer: Viewer, topics: Iterable[str], has: Iterable[str] = ()) -> None:
        """Shows these topics, and what they contain, to the viewer from now on; its page `has` some as they are."""
        self.viewers.add(viewer)
        viewer.has = set(has)
        self.refresh.plan(viewer)
        self.let_listen(viewer, topics)

    def let_listen(self, viewer: Viewer, topics: Iterable[str]) -> None:
        """The same to a line that is no user's: nobody asks whether it may stay, and it is sent no heartbeat."""
        self.joined.add(viewer)
        viewer.base = set(topics)
        for topic in viewer.base:
            self.watch(viewer, topic)
        self.tail.follow(viewer)

    def watch(self, viewer: Viewer, topic: str) -> None:
        seen = self.topic(topic)
        if viewer in seen.viewers:
            return
        seen.viewers[viewer] = None
        viewer.shows(seen)
        for inner in seen.contained:
            self.watch(viewer, inner)
        has = topic in viewer.has
        if has and seen.fragment.rests:
            return
        if not seen.known:
            self.reading.ask(topic)
        elif not (has and not seen.follows):
            self.show(viewer, seen)

    def topic(self, topic: str) -> Watched:
        """What is known of it; nothing yet, where no page shows it."""
        seen = self.watched.get(topic)
        if seen is None:
            seen = self.watched[topic] = Watched(topic, self.news.place())
        return seen

    def show(self, viewer: Viewer, seen: Watched) -> None:
        """Gives the viewer what the topic looks like now."""
        if seen.frame:
            viewer.owe(seen)
            self.behind.add(viewer)
        else:
            self.moving.add(seen.topic)
        self.hurry()

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)
        self.joined.discard(viewer)
        self.behind.discard(viewer)
        self.hidden.leave(viewer)
        self.refresh.leave(viewer)
        self.tail.forget(viewer)
        for seen in viewer.shown[::-1]:
            self.unwatch(viewer, seen.topic)

    def topics_of(self, viewer: Viewer) -> set[str]:
        """What the viewer's page shows by itself or inside something else."""
        topics, inner = set(viewer.base), list(viewer.base)
        while inner:
            seen = self.watched.get(inner.pop())
            if seen is not None:
                inner += [name for name in seen.contained if name not in topics]
                topics.update(seen.contained)
        return topics

    def unwatch(self, viewer: Viewer, topic: str) -> None:
        seen = self.watched.get(topic)
        if seen is None:
            return
        if viewer in seen.viewers:
            del seen.viewers[viewer]
            viewer.hides(seen)
        viewer.due.discard(seen)
        if not seen.viewers:
            self.drop(seen)

    def drop(self, seen: Watched) -> None:
        del self.watched[seen.topic]
        self.news.leave(seen.place)
        self.refollow(seen, frozenset())

    # What is said to have happened

    def moved(self, topic: str) -> None:
        """The topic must be drawn again, and so must all that rest on it; its facts still hold."""
        if topic in self.watched:
            self.moving.add(topic)
            self.wake.set()
        followers = self.followers.get(topic)
        if followers:
            self.moving |= followers - self.pace.waiting  # those have their turn, and see the newest then
            self.wake.set()

    def outdated(self, topic: str) -> None:
        """The topic's facts must be read again, and no page has it as it is."""
        seen = self.watched.get(topic)
        if seen is None:
            return
        for viewer in seen.viewers:
            viewer.has.discard(topic)
        self.reading.ask(topic)

    def hurry(self) -> None:
        """Flushes without waiting for the tick."""
        self.urgent = True
        self.wake.set()

    # How it gets to the pages

    def refollow(self, seen: Watched, follows: frozenset[str]) -> None:
        for topic in seen.follows - follows:
            names = self.followers.get(topic)
            if names is not None:
                names.discard(seen.topic)
                if not names:
                    del self.followers[topic]
        for topic in follows - seen.follows:
            self.followers.setdefault(topic, set()).add(seen.topic)
        seen.follows = follows

    async def flush(self) -> None:
        """Draws what moved, each topic once, and gives every page that shows any of it one frame.

        Between a few pages and the next it lets others work: an event does not wait until all have their quotes.
        """
        now = time.monotonic()
        moving, self.moving = self.moving.union(self.pace.due(now)), set()
        drawn: list[Watched] = []
        for topic in moving:
            seen = self.watched.get(topic)
            if seen is None or not seen.known:
                continue
            if seen.fresh or now >= seen.next_at:
                drawn.append(seen)
            else:
                self.pace.wait(seen)
        for seen in self.draw(drawn, now):
            if seen.contained:
                for viewer in seen.viewers:
                    viewer.owe(seen)
            else:
                self.news.tell(seen)
            if len(self.behind) < len(self.joined):  # few topics reach all; the rest need not be gone through
                self.behind.update(seen.viewers)
        for viewer in self.hidden.sent.keys() & self.behind:
            viewer.keep(self.news)
            self.behind.discard(viewer)
        owed, self.behind = list(self.behind), set()
        for start in range(0, len(owed), SENDS_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            self.behind.update(send_news(owed[start : start + SENDS_AT_ONCE], self.news))
        self.news.clear()

    def draw(self, topics: list[Watched], now: float) -> list[Watched]:
        """Draws what is contained before what contains it; gives those that could be drawn.

        Who was drawn longest ago comes first. New facts do not keep quotes waiting, nor these what has happened.
        """
        drawn: list[Watched] = []
        spent = {True: 0.0, False: 0.0}
        missing = set[str]()
        for seen in sorted(topics, key=Watched.turn):
            fresh, began = seen.fresh, time.monotonic()
            if spent[fresh] > DRAWS_AT_ONCE or not missing.isdisjoint(seen.contained):
                self.moving.add(seen.topic)
                if not seen.frame:
                    missing.add(seen.topic)
                continue
            try:
                seen.draw({name: self.watched[name].html for name in seen.contained if name in self.watched}, now)
            except Exception:
                telemetry.faults.labels("draw").inc()
                log.exception("drawing %s failed; pages keep what they show", seen.topic)
                continue
            took = time.monotonic() - began
            spent[fresh] += took
            drawn.append(seen)
            if seen.fragment.every and not fresh:
                self.pace.redrawn(seen, now, took)
        return drawn

    def next_due(self) -> float:
        """Seconds until a topic that moved too soon may be drawn."""
        soonest = 0.0 if self.moving else self.pace.next_at() - time.monotonic()
        return min(max(soonest, 0.001), SWEEP_SECONDS)

    async def run(self) -> None:
        """Flushes for ever; cancel to end."""
        bus.subscribe(bus.RINGS, self.tail.rung)
        self.guard.listen()
        beside = [asyncio.create_task(self.tail.sweep_for_ever(SWEEP_SECONDS))]
        beside += [asyncio.create_task(work()) for work in self.companions]
        try:
            while True:
                with contextlib.suppress(TimeoutError):  # wait_for() may lose a cancellation
                    async with asyncio.timeout(0.05 if self.behind else self.next_due()):
                        await self.wake.wait()
                self.wake.clear()
                pause = self.last_flush + (self.tick or PACE * self.cost) - time.monotonic()
                if pause > 0.0005 and not self.urgent:
                    await asyncio.sleep(pause)
                self.urgent = False
                self.last_flush = time.monotonic()
                await self.flush()
                self.cost = time.monotonic() - self.last_flush
                telemetry.flush_seconds.observe(self.cost)
        finally:
            for task in beside:
                task.cancel()
            bus.unsubscribe(bus.RINGS, self.tail.rung)
            self.guard.deafen()

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
