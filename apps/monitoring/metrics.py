"""Every count of this process for Prometheus, for those who may know."""

from __future__ import annotations

from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition

from apps.live.identity import header
from apps.telemetry import registry, requests_refused

from .access import may_know


def present_metrics(scope: dict[str, Any]) -> tuple[int, str, bytes]:
    """Status, content type and body: OpenMetrics, with examples of user-felt latency, for who takes it."""
    if not may_know(scope):
        requests_refused.labels("metrics").inc()
        return 404, "text/plain; charset=utf-8", b"Not found"
    if "application/openmetrics-text" in header(scope, b"accept"):
        return 200, exposition.CONTENT_TYPE_LATEST, exposition.generate_latest(registry)  # type: ignore[no-untyped-call]
    return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)
