"""Looks of a clock that was set back, and of processes whose clocks disagree: none keeps another from looking."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps import telemetry

from .models import Sample

log = logging.getLogger(__name__)

APART = timedelta(seconds=10)
"""Clocks of processes differ by less; a sample that is further ahead is another clock's."""
NEWEST = 3
"""Of the samples that were taken last one is this clock's, or it was set back."""
told_of: set[str] = set()


def of_this_clock(now: datetime) -> QuerySet[Sample]:
    """Whoever was taken last comes first: `at` goes back where a clock does."""
    return Sample.objects.filter(at__lte=now + APART).order_by("-pk")


def newest_looks() -> list[Sample]:
    """Whichever clock they are by; the last one first."""
    return list(Sample.objects.order_by("-pk")[:NEWEST])


def last_look(newest: Sequence[Sample], now: datetime) -> Sample | None:
    """The last of them by this clock; None where it was set back, or nobody has looked."""
    return max((each for each in newest if each.at <= now + APART), key=lambda each: each.at, default=None)


def is_ahead(newest: Sequence[Sample], now: datetime) -> bool:
    """Whether the last look is another clock's: a fault each time, told once until one is not."""
    at = newest[0].at if newest else None
    if at is None or at <= now + APART:
        told_of.clear()
        return False
    telemetry.faults.labels("clock").inc()
    if not told_of:
        log.error("the last look is dated %s, ahead of %s: a process's clock is wrong, or was set back", at, now)
    told_of.add("clock")
    return True
