"""What is told of the sockets: counted by each web process, summed over all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from apps import telemetry
from apps.telemetry import latency
from apps.telemetry.slow import slowest

from .counted import counts

NAMES = (
    "connections",
    "totalConnections",
    "avgConnectionDuration",
    "reconnectRate",
    "messagesPerSecond",
    "errorRate",
    "latency",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """One web process: its memory (bytes), and counts since it started.

    `frames_per_second` is None until it is known; `felt` are the last minutes' counts by kind and bucket,
    `counts` what `counted.counts` names, `slow` the users whose pages are slowest now.
    """

    rss: int
    connected: int
    opened: int
    closed: int
    resumed: int
    open_seconds: float
    frames: int
    faults: int
    frames_per_second: float | None
    felt: dict[str, list[int]]
    counts: dict[str, float] = field(default_factory=dict)
    slow: Sequence[Sequence[float]] = ()

    @classmethod
    def own(cls, frames_per_second: float | None) -> Self:
        return cls(
            rss=resident_bytes(),
            connected=int(telemetry.value(telemetry.sockets_open)),
            opened=int(telemetry.value(telemetry.sockets_opened)),
            closed=int(telemetry.value(telemetry.sockets_closed)),
            resumed=int(telemetry.value(telemetry.sockets_resumed)),
            open_seconds=telemetry.value(telemetry.socket_duration),
            frames=int(telemetry.value(telemetry.frames_sent)),
            faults=int(telemetry.value(telemetry.faults)),
            frames_per_second=frames_per_second,
            felt=latency.counts(),
            counts=counts(),
            slow=slowest(),
        )

    def packed(self) -> dict[str, Any]:
        """As another process reads it."""
        return asdict(self)

    @classmethod
    def unpacked(cls, told: dict[str, Any]) -> Self:
        """Raises TypeError for what another release told."""
        return cls(**told)


def resident_bytes() -> int:
    """This process's resident memory (Linux)."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def websocket(all_figures: Sequence[Figures]) -> dict[str, Any]:
    """Of all these processes together; null is what nobody can know, and every figure of none at all."""
    if not all_figures:
        return dict.fromkeys(NAMES)
    opened, closed = sum(each.opened for each in all_figures), sum(each.closed for each in all_figures)
    frames = sum(each.frames for each in all_figures)
    rates = [each.frames_per_second for each in all_figures if each.frames_per_second is not None]
    figures = (
        sum(each.connected for each in all_figures),
        opened,
        round(sum(each.open_seconds for each in all_figures) / closed, 1) if closed else None,
        round(sum(each.resumed for each in all_figures) / opened, 4) if opened else None,
        round(sum(rates), 1) if rates else None,
        round(sum(each.faults for each in all_figures) / frames, 6) if frames else None,
        latency.present([each.felt for each in all_figures]),
    )
    return dict(zip(NAMES, figures, strict=True))
