"""Reads the facts of topics, many at once and a few batches at a time, and says which of them moved."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from apps import telemetry

from . import fragments
from .readers import on_reader

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)

MOST_READERS = 3
MOST_AT_ONCE = 50  # topics, of which some weigh more


class Reading:
    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.asked: set[str] = set()
        self.news: set[str] = set()
        self.under_way: set[str] = set()
        self.failed: set[str] = set()
        self.readers = 0

    def ask(self, topic: str, *, news: bool = True) -> None:
        """Has the topic read, together with whatever else waits to be. Without news only what differs moves."""
        self.asked.add(topic)
        if news:
            self.news.add(topic)
        if self.readers < MOST_READERS:
            self.readers += 1
            self.hub.spawn(self.read_asked())

    def sweep(self) -> None:
        """Asks again for what could not be read."""
        failed, self.failed = self.failed, set()
        for topic in failed & self.hub.watched.keys():
            self.ask(topic)

    async def read_asked(self) -> None:
        try:
            while batch := self.next_batch():
                self.asked.difference_update(batch)
                self.under_way.update(batch)
                try:
                    await self.read_batch([topic for topic in batch if topic in self.hub.watched])
                finally:
                    self.under_way.difference_update(batch)
                    self.hub.refresh.read(batch)
        finally:
            self.readers -= 1

    def next_batch(self) -> list[str]:
        """All of a batch is in memory at once, before and after: of long lists it has a few."""
        batch, left = [], MOST_AT_ONCE
        for topic in self.asked - self.under_way:
            seen = self.hub.watched.get(topic)
            batch.append(topic)
            left -= seen.fragment.weight if seen else 0
            if left <= 0:
                break
        return batch

    async def read_batch(self, batch: list[str]) -> None:
        news = self.news.intersection(batch)  # of what becomes news while it is read, the next batch tells
        self.news -= news
        facts, failed = await on_reader(fragments.read_each, batch)
        for topic, error in failed.items():
            telemetry.faults.labels("read").inc()
            log.error("reading %s failed; the next sweep tries again", topic, exc_info=error)
        self.failed.update(failed)
        watched = self.hub.watched
        for topic, own in facts.items():
            self.learned(topic, own, topic in news)
        for topic in batch:
            seen = watched.get(topic)
            for viewer in tuple(seen.viewers if seen else ()):
                for inner in seen.contained if seen else ():
                    self.hub.watch(viewer, inner)
        for topic in facts:
            seen = watched.get(topic)
            if seen is not None and not seen.viewers:
                self.hub.drop(seen)
        self.hub.hurry()

    def learned(self, topic: str, facts: Any, news: bool) -> None:
        """Keeps what was read; what stands inside others is mostly known already, and then nothing moves."""
        hub = self.hub
        seen = hub.topic(topic)
        known = seen.known and seen.facts == facts
        if known and not (news and any(topic not in viewer.has for viewer in seen.viewers)):
            seen.facts, seen.reread = facts, True  # rows of the same keys are equal, whatever else they hold
            return
        contained, follows = seen.learn(facts)
        hub.refollow(seen, follows)
        gone, seen.contained = set(seen.contained).difference(contained), contained
        if follows or any(topic not in viewer.has for viewer in seen.viewers):
            hub.moving.add(topic)
        for viewer in tuple(seen.viewers) if gone else ():
            for inner in gone - hub.topics_of(viewer):
                hub.unwatch(viewer, inner)
