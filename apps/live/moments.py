"""Moments as pages read them: whole microseconds since the Unix epoch."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Now
from django.utils import timezone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_in_database() -> Now | Value:
    """The time by the clock that all processes share: the server's. SQLite's is this machine's, in microseconds."""
    return Value(timezone.now()) if connection.vendor == "sqlite" else Now()


def read_database_time() -> datetime:
    """The same, read now."""
    if connection.vendor == "sqlite":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def now_us() -> int:
    """The time by this process's own clock."""
    return time.time_ns() // 1000


def micros(moment: datetime) -> int:
    """By integers: a float would round."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
