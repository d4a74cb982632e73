"""What a process says it has counted: by flat names, only what has happened."""

from __future__ import annotations

from apps import telemetry
from apps.monitoring.counted import counts
from apps.telemetry.latency import BOUNDS, felt


def since(before: dict[str, float]) -> dict[str, float]:
    return {name: count - before.get(name, 0.0) for name, count in counts().items() if count != before.get(name, 0.0)}


def test_counts_go_by_name_and_bucket() -> None:
    before = counts()

    telemetry.faults.labels("draw").inc(2)
    telemetry.errors.add("message")
    telemetry.sockets_closed.labels("4408").inc()
    telemetry.sockets_refused.labels("4401").inc()
    telemetry.socket_duration.observe(3)
    telemetry.socket_duration.observe(10**6)
    felt("quote", BOUNDS[2])

    assert since(before) == {
        "error:message": 1,
        "error:server": 2,
        "fault:draw": 2,
        "closed:4408": 1,
        "refused:4401": 1,
        "stay:1": 1,
        f"stay:{len(telemetry.STAYS)}": 1,
        "late:quote:2": 1,
    }


def test_what_has_not_happened_is_left_out() -> None:
    assert 0.0 not in counts().values()
