"""How bad an alert is (P0 to P3). Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

GradeName = Literal["P0", "P1", "P2", "P3"]


def by_errors(rate: float) -> GradeName:
    return "P0" if rate > 0.10 else "P1" if rate > 0.05 else "P2" if rate > 0.01 else "P3"


GRADES: dict[str, Callable[[float], GradeName]] = {
    "error_rate": by_errors,
    "unhealthy": lambda share: "P0",
    "p99_ms": lambda ms: "P1" if ms > 1000 else "P2",
    "p95_ms": lambda ms: "P1" if ms > 1000 else "P2",
    "reconnect_rate": lambda share: "P2",
    "canary_failures": lambda count: "P1",
    "canary_p95_ms": lambda ms: "P1",
}
"""By the metric that fired; what is not here is no incident."""

TITLES = {
    "error_rate": "Errors on open pages",
    "unhealthy": "The desk is down",
    "p99_ms": "Pages show changes late",
    "p95_ms": "Pages show changes late",
    "reconnect_rate": "Pages lose their live line",
    "canary_failures": "Live updates do not arrive",
    "canary_p95_ms": "Live updates arrive late",
}
