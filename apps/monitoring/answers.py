"""What ops and their machines ask: each answer is a status, a content type and a body, and costs no I/O of its own."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from .access import may_know
from .health import is_ready, present_report, start_checks
from .metrics import present_metrics

Answer = tuple[int, str, bytes]


async def health(scope: dict[str, Any]) -> Answer:
    """How all of the desk is. Where `HEALTH_DETAIL` says so, others learn the status alone."""
    status, report = await present_report()
    if settings.HEALTH_DETAIL == "token" and not may_know(scope):
        report = {name: report[name] for name in ("status", "timestamp")}
    return told(status, report)


async def liveness(scope: dict[str, Any]) -> Answer:
    """This process runs and its loop turns; nothing else is asked. Who gets no answer should start it anew."""
    return told(200, {"status": "ok"})


async def readiness(scope: dict[str, Any]) -> Answer:
    """Whether requests should be sent to this process: it reaches its database."""
    ready = await is_ready()
    return told(200 if ready else 503, {"status": "ready" if ready else "not ready"})


async def metrics(scope: dict[str, Any]) -> Answer:
    """The counts of this process, and how it sees what it depends on."""
    if may_know(scope):
        await start_checks()
    return present_metrics(scope)


def told(status: int, report: dict[str, Any]) -> Answer:
    return status, "application/json", json.dumps(report).encode()
