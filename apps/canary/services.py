"""Every write of the canary: whose turn it is, the event itself, and what became of it. Nothing is kept for long."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from apps.live.announce import announce
from apps.live.kinds import event_kinds
from apps.live.retention import forget_batch

from .models import STREAM, TOPIC, Flight

FLIGHTS_KEPT = timedelta(days=1)
EVENTS_KEPT = timedelta(hours=1)

event_kinds("canary", {"sang": "the desk tries its own way to the pages; on no page"})


@dataclass(frozen=True, slots=True)
class Sung:
    """The event's number, and this process's monotonic clock at its commit."""

    beat: int
    at: float


def claim(due: datetime) -> Flight | None:
    """The turn, for the one process that is first to write its row; None to all others."""
    flight, made = Flight.objects.get_or_create(due_at=due)
    return flight if made else None


def sing(patience: float = 10.0) -> Sung:
    """Commits an event as everything that happens on the desk does, in a stream that is nobody's.

    PostgreSQL gives up each statement after so many seconds: a lock that is never released would keep a thread, and
    with it every later turn of this process. SQLite has its own patience.
    """
    committed: list[float] = []
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {round(patience * 1000)}")
        transaction.on_commit(lambda: committed.append(time.monotonic()))
        event = announce(STREAM, "canary.sang", topics=[TOPIC])
    return Sung(event.seq, committed[0])


@transaction.atomic
def land(flight: Flight, now: datetime, seconds: float | None, failed: str = "") -> None:
    """Keeps what became of it; where it arrived, and no lock is in the way, it forgets what is old."""
    flight.ended_at, flight.failed = now, failed
    flight.milliseconds = None if seconds is None else round(seconds * 1000, 1)
    flight.save(update_fields=["ended_at", "failed", "milliseconds"])
    if not failed:
        Flight.objects.filter(due_at__lt=now - FLIGHTS_KEPT).delete()
        forget_batch(Q(stream__name=STREAM, at__lt=now - EVENTS_KEPT))


def call_off(flight: Flight) -> None:
    """The process it flew to is being stopped, which says nothing of the desk."""
    flight.delete()
