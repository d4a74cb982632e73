"""Beside the hub: has dashboards read again that somebody looks at, once anything of them has changed."""

from __future__ import annotations

import asyncio
import logging
import math
import time

from apps import telemetry
from apps.live.hub import Hub
from apps.live.readers import on_reader
from apps.live.running import beside_hub, present_hub
from apps.live.watched import Watched

from .pages import Dashboard

log = logging.getLogger(__name__)

TURN_S = 1.0


class Following:
    """By topic: the change that its pages were last shown, and when.

    No event says so: six looks a minute in the stream that every page follows would be all that it holds.
    """

    def __init__(self) -> None:
        self.told: dict[str, tuple[int, float]] = {}
        self.failing: set[str] = set()

    async def turn(self, hub: Hub, now: float) -> None:
        """One that fails keeps no other from its turn; its pages keep what they show, and say how old it is."""
        self.told = {topic: last for topic, last in self.told.items() if topic in hub.watched}
        for seen in [one for one in hub.watched.values() if is_looked_at(hub, one)]:
            try:
                await self.ask(hub, seen, now)
            except Exception:
                telemetry.faults.labels("dashboards").inc()
                if seen.topic not in self.failing:
                    log.exception("asking whether %s has changed failed; the next turn asks again", seen.topic)
                self.failing.add(seen.topic)
            else:
                self.failing.discard(seen.topic)

    async def ask(self, hub: Hub, seen: Watched, now: float) -> None:
        board, (before, at) = seen.fragment, self.told.get(seen.topic, (0, -math.inf))
        if not isinstance(board, Dashboard) or now - at < board.pause(seen.key):
            return
        changed = await on_reader(board.changed_us, seen.key)
        if changed != before:
            self.told[seen.topic] = changed, now
            hub.outdated(seen.topic)


def is_looked_at(hub: Hub, seen: Watched) -> bool:
    """Not only by pages in the background."""
    return isinstance(seen.fragment, Dashboard) and not seen.viewers.keys() <= hub.hidden.sent.keys()


async def follow() -> None:
    following = Following()
    while True:
        await asyncio.sleep(TURN_S)
        hub = present_hub()
        if hub is not None:
            await following.turn(hub, time.monotonic())


def follow_dashboards() -> None:
    beside_hub(follow)
