"""How late changes are seen: told by the pages, counted for dashboards, and kept of the last minutes for /health."""

from __future__ import annotations

import time
from collections.abc import Sequence

from prometheus_client import Histogram

from . import registry
from .recent import Recent, percentile

KINDS = ("quote", "event", "state")
BOUNDS = (
    0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75,
    1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0,
)  # fmt: skip
PERCENTILES = (50, 95, 99)

update_latency = Histogram(
    "livedesk_update_latency_seconds",
    "From a fact to its being shown, as pages acknowledge it",
    ["kind"],
    buckets=BOUNDS,
    registry=registry,
)
recent = {kind: Recent(BOUNDS) for kind in KINDS}
for each in KINDS:
    update_latency.labels(each)  # nothing seen yet is a zero, not a gap


def felt(kind: str, seconds: float, connection: str = "") -> None:
    """Somebody saw a change of that kind so late. Raises KeyError for a kind that there is not.

    The connection is kept as an example of the bucket: log lines name it too, and it says nothing of who it is.
    """
    recent[kind].observe(seconds, time.monotonic())
    update_latency.labels(kind).observe(seconds, {"connection": connection} if connection else None)


def counts() -> dict[str, list[int]]:
    """Of each kind how many there were in the last five minutes, by bucket."""
    now = time.monotonic()
    return {kind: recent[kind].present(now) for kind in KINDS}


def present(counted: Sequence[dict[str, list[int]]]) -> dict[str, dict[str, float | int | None]]:
    """The processes' counts together: of each kind the percentiles in milliseconds; null where nobody told."""
    told: dict[str, dict[str, float | int | None]] = {}
    for kind in KINDS:
        column = [sum(bucket) for bucket in zip(*(each[kind] for each in counted), strict=True)]
        found = [percentile(BOUNDS, column, rank) for rank in PERCENTILES]
        shown = [None if seconds is None else round(seconds * 1000, 1) for seconds in found]
        told[kind] = {**{f"p{rank}": ms for rank, ms in zip(PERCENTILES, shown, strict=True)}, "samples": sum(column)}
    return told
