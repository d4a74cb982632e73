"""What rules may watch: each sample's part of it, from what all processes together say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .judging import Part

METRICS = {
    "error_rate": "errors per frame sent to pages",
    "reconnect_rate": "share of connections opened by pages that came back, deploys apart",
    "p95_ms": "P95 of how late pages show a change, of the slowest kind (ms)",
    "p99_ms": "P99 of how late pages show a change, of the slowest kind (ms)",
    "unhealthy": "share of health checks that failed",
    "connections": "open sockets",
    "deploys": "starts of another release",
    "changes": "changes made in the admin",
    "canary_failures": "canaries that failed in a row",
    "canary_p95_ms": "P95 of the last twenty canaries, from commit to arrival (ms)",
}
SHARES = frozenset({"error_rate", "reconnect_rate", "unhealthy"})
"""Of these nothing is above 1."""
SPARED = timedelta(minutes=2)
"""Pages of a process that went come back for so long: at once, or up to 8 s after the next one has started."""
COUNTS = ("opened", "resumed", "frames", "faults")


def turned_at(told: Mapping[str, Any], before: Mapping[str, Any] | None, now: datetime) -> datetime | None:
    """When a process came or went last, or the release changed; now, where that is not known."""
    if before is None or moves(told, before) is None:
        return now
    if any(told.get(name) != before.get(name) for name in ("processes", "release")):
        return now
    turned = before.get("turned_at")
    return datetime.fromisoformat(turned) if turned else None


def parts_of(
    told: Mapping[str, Any], before: Mapping[str, Any] | None, release: str | None, *, spared: bool = False
) -> dict[str, Part | None]:
    """`told` is this moment's `raw`, `before` the last one's; None is what is not known now, or of a deploy.

    `release` was that of the last look, however long ago; None where nobody has looked.
    """
    moved = moves(told, before)
    return {
        "error_rate": None if moved is None else (moved["faults"], max(moved["frames"], moved["faults"])),
        "reconnect_rate": None if spared or moved is None else (moved["resumed"], moved["opened"]),
        "p95_ms": gauge(told.get("p95_ms")),
        "p99_ms": gauge(told.get("p99_ms")),
        "unhealthy": gauge(1.0 if told.get("status") == "down" else 0.0),
        "connections": gauge(told.get("connections")),
        "deploys": (float(release not in {None, told["release"]}), 1.0),
        "changes": gauge(told.get("changes")),
        **of_canary(told.get("canary")),
    }


def of_canary(told: Mapping[str, Any] | None) -> dict[str, Part | None]:
    """Switched off (None) nothing could fail, and what fires is over; what has not flown lately says nothing."""
    if told is None:
        return dict.fromkeys(("canary_failures", "canary_p95_ms"), (0.0, 0.0))
    return {"canary_failures": gauge(told["failures"]), "canary_p95_ms": gauge(told["p95_ms"])}


def why(metric: str, told: Mapping[str, Any]) -> str:
    """What is known of the reason at this moment; empty where only the figure is."""
    failed = (told.get("canary") or {}).get("failed", "") if metric == "canary_failures" else ""
    if not failed:
        return ""
    return "the last one was lost" if failed == "lost" else f"the last one failed to {failed}"


def moves(told: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, float] | None:
    """What was counted in between; None where it is not known, or a process that ended took its counts along."""
    if before is None or any(told.get(name) is None or before.get(name) is None for name in COUNTS):
        return None
    moved = {name: float(told[name] - before[name]) for name in COUNTS}
    return None if min(moved.values()) < 0 else moved


def per_minute(
    told: Mapping[str, Any], happened: Mapping[str, float] | None, moved: Mapping[str, float] | None, minutes: float
) -> dict[str, Part | None]:
    """What no rule watches and a dashboard shows: sockets opened and closed a minute, and the feed's age (s)."""
    closed = None if happened is None else sum(count for name, count in happened.items() if name.startswith("closed:"))
    return {
        "connects": None if moved is None else (moved["opened"], minutes),
        "disconnects": None if closed is None else (closed, minutes),
        "feed_age": gauge(told.get("feed_age")),
    }


def rolled_up(sums: Mapping[str, Any], parts: Mapping[str, Part | None]) -> dict[str, list[float]]:
    """`[happened, possible, most]` of each metric, with one more sample in it."""
    rolled = {name: list(row) for name, row in sums.items()}
    for name, part in parts.items():
        if part is None or not part[1]:
            continue
        happened, possible, most = rolled.get(name, (0.0, 0.0, 0.0))
        rolled[name] = [happened + part[0], possible + part[1], max(most, part[0] / part[1])]
    return rolled


def gauge(value: float | None) -> Part | None:
    return None if value is None else (float(value), 1.0)
