"""Every count of this process for Prometheus, for those who may know."""

from __future__ import annotations

from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from apps.telemetry import registry

from .access import may_know


def present_metrics(scope: dict[str, Any]) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    if not may_know(scope):
        return 404, "text/plain; charset=utf-8", b"Not found"
    return 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)
