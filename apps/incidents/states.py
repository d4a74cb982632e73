"""What a look says of each component that the status page tells apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.canary.queries import FAILS


def is_up(told: Mapping[str, Any]) -> dict[str, bool | None]:
    """By component; None is what this look could not know."""
    status, dependencies = told.get("status"), told.get("components") or {}
    feed, redis = dependencies.get("feed"), dependencies.get("redis")
    return {
        "desk": None if status is None else status != "down",
        "feed": None if feed is None else feed != "down",
        # A web process looks: it is there. Whether pages hear of anything its canaries say
        "live": redis != "down" and not canary_fails(told.get("canary")),
    }


def canary_fails(told: Mapping[str, Any] | None) -> bool:
    """As /health calls it; what is switched off, or has not flown lately, says nothing."""
    return ((told or {}).get("failures") or 0) >= FAILS
