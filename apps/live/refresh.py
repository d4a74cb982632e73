"""Shows every page all that it shows once more, now and then: what went wrong unnoticed is soon right again."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .viewer import Viewer

if TYPE_CHECKING:
    from .hub import Hub

EVERY_SECONDS = 300.0


class Refresh:
    """Each page at a moment of its own; its topics are read afresh, those that others wait for too only once, and
    are sent together: a container drawn before what stands in it would put older rows in the place of newer ones."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.seconds = EVERY_SECONDS
        self.at: dict[Viewer, float] = {}
        self.unread: dict[Viewer, set[str]] = {}
        self.waiting: dict[str, set[Viewer]] = defaultdict(set)

    def plan(self, viewer: Viewer) -> None:
        """The reading has the last seconds before the time is over."""
        self.at[viewer] = time.monotonic() + self.seconds * random.uniform(0.5, 0.97)  # noqa: S311 -- spreads load

    def leave(self, viewer: Viewer) -> None:
        self.at.pop(viewer, None)
        for topic in self.unread.pop(viewer, ()):
            self.waiting[topic].discard(viewer)
            if not self.waiting[topic]:
                del self.waiting[topic]

    def sweep(self) -> None:
        now = time.monotonic()
        for viewer in [one for one, at in self.at.items() if at <= now]:
            self.plan(viewer)
            topics = self.hub.topics_of(viewer)
            if viewer in self.unread or not topics:
                continue
            self.unread[viewer] = topics
            for topic in tuple(topics):
                self.waiting[topic].add(viewer)
                self.hub.reading.ask(topic, news=False)

    def read(self, topics: Iterable[str]) -> None:
        """These have been read, or could not be."""
        for topic in topics:
            for viewer in self.waiting.pop(topic, ()):
                unread = self.unread[viewer]
                unread.discard(topic)
                if not unread:
                    del self.unread[viewer]
                    self.show(viewer)

    def show(self, viewer: Viewer) -> None:
        topics = self.hub.topics_of(viewer)
        shown = [seen for topic in topics if (seen := self.hub.watched.get(topic)) is not None and seen.known]
        self.hub.draw([seen for seen in shown if seen.reread], time.monotonic())
        for seen in shown:
            self.hub.show(viewer, seen)
