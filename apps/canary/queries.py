"""How the canary does: for operators, and for the rules that watch it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from .models import Flight

LATEST = 20
IN_THE_AIR = timedelta(seconds=30)
"""Longer none takes; what has no end by then has failed with its process."""
OVERDUE = 3
"""Turns after which it is no longer known how the desk is."""
FAILS = 2
"""In a row; one alone may have met a process that ended."""


@dataclass(frozen=True, slots=True)
class Canary:
    """The last one that came to its end, how many failed in a row until now, and P95 of the last twenty that arrived
    (None of fewer)."""

    due_at: datetime | None
    milliseconds: float | None
    failed: str
    failed_in_a_row: int
    p95_ms: float | None

    def seconds_ago(self, now: datetime) -> float | None:
        return None if self.due_at is None else (now - self.due_at).total_seconds()

    def is_known(self, now: datetime) -> bool:
        """Whether it says anything of the present."""
        ago = self.seconds_ago(now)
        return ago is not None and ago <= overdue_s()


def overdue_s() -> float:
    return OVERDUE * float(settings.CANARY_SECONDS)


def canary(now: datetime) -> Canary:
    rows = list(Flight.objects.order_by("-due_at")[: 2 * LATEST])
    landed = [row for row in rows if row.ended_at is not None or row.due_at < now - IN_THE_AIR]
    in_a_row = next((place for place, row in enumerate(landed) if row.milliseconds is not None), len(landed))
    arrived = [row.milliseconds for row in landed if row.milliseconds is not None][:LATEST]
    p95 = sorted(arrived)[math.ceil(0.95 * LATEST) - 1] if len(arrived) == LATEST else None
    if not landed:
        return Canary(None, None, "", 0, None)
    return Canary(landed[0].due_at, landed[0].milliseconds, said_of(landed[0]), in_a_row, p95)


def said_of(flight: Flight) -> str:
    """Where it failed; empty where it did not."""
    return "" if flight.milliseconds is not None else flight.failed or "lost"
