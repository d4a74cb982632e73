"""Whose pages are slow: of the last minutes only, in memory only, the worst users first.

The hub writes, any thread may read: hence the copies.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

KEPT_SECONDS = 900.0
MOST_USERS = 2_000
LATE_MS = 1_000.0


@dataclass(slots=True)
class Slow:
    """`deferred` frames that the user's pages could not take, `late` tellings above a second, the worst in ms."""

    since: float
    deferred: int = 0
    late: int = 0
    worst_ms: float = 0.0


_users: dict[int, Slow] = {}


def deferred(user_id: int) -> None:
    """A page of the user could not take a frame."""
    if (row := of(user_id)) is not None:
        row.deferred += 1


def told(user_id: int, ms: float) -> None:
    """A page of the user showed a change so late."""
    if ms > LATE_MS and (row := of(user_id)) is not None:
        row.late += 1
        row.worst_ms = max(row.worst_ms, ms)


def of(user_id: int) -> Slow | None:
    """The user's row, begun anew after a quarter of an hour; None where too many are slow at once."""
    now = time.monotonic()
    row = _users.get(user_id)
    if row is None or now - row.since > KEPT_SECONDS:
        if row is None and len(_users) >= MOST_USERS:
            forget(now)
            if len(_users) >= MOST_USERS:
                return None
        row = _users[user_id] = Slow(now)
    return row


def forget(now: float) -> None:
    for user in [one for one, row in list(_users.items()) if now - row.since > KEPT_SECONDS]:
        _users.pop(user, None)


def slowest(most: int = 20) -> list[tuple[int, int, int, float]]:
    """User, deferred, late and worst (ms) of those who have it worst."""
    forget(time.monotonic())
    rows = [(user, row.deferred, row.late, row.worst_ms) for user, row in list(_users.items())]
    return sorted(rows, key=lambda row: (row[2], row[1], row[3]), reverse=True)[:most]
