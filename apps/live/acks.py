"""Pages say now and then how late they showed something. Nobody else can know it, and nobody need be believed."""

from __future__ import annotations

import time
from typing import Any

from apps.telemetry import slow
from apps.telemetry.latency import KINDS, felt
from apps.telemetry.logs import bound_id

from .viewer import Viewer

LEAST_MS, MOST_MS = -1_000, 600_000  # a page's estimate of the server's clock may run a little ahead
SPACED_SECONDS = 20.0  # pages say no more than one of a kind in 25 s
USER_SPACED_SECONDS = 4.0  # for all sockets of a user, and whoever opens one after the other
MOST_USERS = 10_000

_users: dict[tuple[int, str], float] = {}


def is_ack(said: Any) -> bool:
    """Whether it has the form of one: a kind that there is, and a number that can be."""
    if said.keys() != {"type", "kind", "ms"} or said["kind"] not in KINDS:
        return False
    return type(said["ms"]) in (int, float) and LEAST_MS <= said["ms"] <= MOST_MS  # NaN is not


def take_ack(viewer: Viewer, kind: str, ms: float) -> None:
    """Counts it. What comes too soon after the last is passed over: no page and no user outweighs the others."""
    now = time.monotonic()
    user = viewer.user_id, kind
    if now - viewer.acked.get(kind, -SPACED_SECONDS) < SPACED_SECONDS:
        return
    viewer.late_ms = max(ms, 0)
    if now - _users.get(user, -USER_SPACED_SECONDS) < USER_SPACED_SECONDS:
        return
    if len(_users) >= MOST_USERS:
        forget(now)
    viewer.acked[kind] = _users[user] = now
    slow.told(viewer.user_id, ms)
    felt(kind, max(ms, 0) / 1000, bound_id("connection"))


def forget(now: float) -> None:
    for user in [one for one, at in _users.items() if now - at >= USER_SPACED_SECONDS]:
        del _users[user]
