"""How often quotes have what follows them drawn again: as often as it asks to be while that is cheap, else less."""

from __future__ import annotations

import time
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .watched import Watched

BUSY, CALM = 0.25, 0.15  # shares of a core
SLOWER, FASTER = 1.5, 1.2
MOST_STRETCH = 4.0
SLOT = 0.0125  # seconds from one moment to the next; a moment for each key would be a flush for each
SLOTS = 1200  # as many as the longest period has


class Pace:
    """A change of facts, and a quote itself, never wait here. `stretch` multiplies each fragment's own `every`."""

    def __init__(self) -> None:
        self.stretch = 1.0
        self.spent = 0.0
        self.since = time.monotonic()
        self.waiting: set[str] = set()
        self.queue: list[tuple[float, str]] = []

    def wait(self, seen: Watched) -> None:
        """It moved too soon after it was drawn."""
        if seen.topic not in self.waiting:
            self.waiting.add(seen.topic)
            heappush(self.queue, (seen.next_at, seen.topic))

    def due(self, now: float) -> list[str]:
        """The topics that have waited long enough."""
        topics = []
        while self.queue and self.queue[0][0] <= now:
            topics.append(heappop(self.queue)[1])
        self.waiting.difference_update(topics)
        return topics

    def next_at(self) -> float:
        return self.queue[0][0] if self.queue else float("inf")

    def redrawn(self, seen: Watched, now: float, took: float) -> None:
        """Its turns are at moments of its key's own: what rests on the same facts is drawn together, others apart.

        What is drawn less often comes at some of the same moments, and needs no valuation of its own.
        """
        self.spent += took
        period = seen.fragment.every * self.stretch
        offset = hash(seen.key) % SLOTS * SLOT * self.stretch % period
        seen.next_at = ((now - offset) // period + 1) * period + offset

    def sweep(self) -> None:
        """Looks at what the last second's redrawing took."""
        now = time.monotonic()
        share = self.spent / max(now - self.since, 0.1)
        if share > BUSY:
            self.stretch = min(MOST_STRETCH, self.stretch * SLOWER)
        elif share < CALM:
            self.stretch = max(1.0, self.stretch / FASTER)
        self.spent, self.since = 0.0, now
