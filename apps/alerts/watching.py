"""Beside each web process's hub: every ten seconds one of them looks, and whatever is due is sent."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from apps import telemetry
from apps.canary.queries import canary
from apps.monitoring.health import present_report
from apps.monitoring.together import together

from . import services
from .clocks import last_look, newest_looks
from .counting import LAG
from .sending import send_due

log = logging.getLogger(__name__)

START_S = 10.0  # what is only just starting is not down
TURN_S = 2.5  # a look finds nothing to do until ten seconds have passed since anybody's
THREADS = ThreadPoolExecutor(2, thread_name_prefix="alerts")


failing: set[str] = set()


async def watch() -> None:
    await asyncio.sleep(START_S)
    while True:
        await asyncio.sleep(TURN_S)
        with told_of("looking after alerts"):
            _, report = await present_report()
            await in_thread(look, raw_of(report))


async def deliver() -> None:
    """Beside the looks: a receiver that hangs holds none of them up. A flood is sent without a pause."""
    while True:
        await asyncio.sleep(TURN_S)
        with told_of("sending alerts"):
            while await in_thread(send_due):
                continue


@contextmanager
def told_of(work: str) -> Iterator[None]:
    """A fault is counted each time, and told once until the work has been done again."""
    try:
        yield
    except Exception:
        telemetry.faults.labels("alerts").inc()
        if work not in failing:
            failing.add(work)
            log.exception("%s failed; the next turn tries again", work)
    else:
        failing.discard(work)


def look(told: dict[str, Any]) -> None:
    now = timezone.now()
    seen = {"changes": changes(now), "canary": canary_seen(now)}
    for alert in services.look({**told, **seen}, now):
        what = "resolved" if alert.resolved_at else "raised"
        log.log(logging.INFO if alert.resolved_at else logging.WARNING, "alert %s: %s", what, alert.rule.name)


def changes(now: datetime) -> int:
    """In the admin since the last look, as orders are counted: each once, though looks come late or not for hours."""
    last = last_look(newest_looks(), now)
    since = last.at if last is not None else now - services.EVERY
    return LogEntry.objects.filter(action_time__gt=since - LAG, action_time__lte=now - LAG).count()


def canary_seen(now: datetime) -> dict[str, Any] | None:
    """None while it is switched off; figures are null where it has not flown lately."""
    if not settings.CANARY_SECONDS:
        return None
    found = canary(now)
    known = found.is_known(now)
    return {
        "ms": found.milliseconds,
        "failed": found.failed,
        "seconds_ago": found.seconds_ago(now),
        "failures": found.failed_in_a_row if known else None,
        "p95_ms": found.p95_ms if known else None,
    }


def raw_of(report: dict[str, Any]) -> dict[str, Any]:
    """What a sample keeps of /health: figures of all processes together, null where they are not known."""
    figures, felt = together.figures(), report["websocket"].get("latency") or {}
    counts = {
        "opened": sum(each.opened for each in figures),
        "resumed": sum(each.resumed for each in figures),
        "frames": sum(each.frames for each in figures),
        "faults": sum(each.faults for each in figures),
    }
    return {
        **(counts if figures else dict.fromkeys(counts)),
        "counts": dict(sum((Counter(each.counts) for each in figures), Counter())) if figures else None,
        "status": report["status"],
        "components": {name: report[name]["status"] for name in ("database", "redis", "feed", "ledger")},
        "release": settings.RELEASE,
        "processes": report["processes"],
        "connections": report["websocket"]["connections"],
        "feed_age": telemetry.feed_age.ask() if telemetry.feed_age.ask else None,
        "p95_ms": slowest(felt, "p95"),
        "p99_ms": slowest(felt, "p99"),
    }


def slowest(felt: dict[str, dict[str, float | None]], rank: str) -> float | None:
    return max((value for each in felt.values() if (value := each[rank]) is not None), default=None)


async def in_thread(work: Any, *args: Any) -> Any:
    return await database_sync_to_async(work, thread_sensitive=False, executor=THREADS)(*args)
