"""What happened between two looks, by name: what web processes counted, and what became of orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from apps.live.models import Event

from .judging import Part

LAG = timedelta(seconds=10)  # an event's time is that of its transaction: what commits later is still to come
TRADING = {"accepted": "accepted", "denied": "denied", "filled": "filled", "partially_filled": "filled"}
"""Of events of orders: what each counts as in a curve."""
CATEGORIES = ("connection", "message", "server")


def happened(told: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, float] | None:
    """By name; None where it is not known, or a process that ended took its counts along."""
    now, then = told.get("counts"), (before or {}).get("counts")
    if now is None or then is None:
        return None
    moved = {name: now.get(name, 0.0) - then.get(name, 0.0) for name in now.keys() | then.keys()}
    return None if min(moved.values(), default=0.0) < 0 else {name: count for name, count in moved.items() if count}


def traded(since: datetime, until: datetime) -> dict[str, float]:
    """`order:filled` and the like, and `denied:` by rule, of (since, until]; one query by the index of events."""
    rows = Event.objects.filter(toast__in=[False, True], at__gt=since, at__lte=until, kind__startswith="order.")
    counted: Counter[str] = Counter()
    for kind, rule, count in rows.order_by().values_list("kind", "facts__rule").annotate(Count("pk")):
        name = kind.partition(".")[2]
        counted[f"order:{name}"] += count
        if name == "denied":
            counted[f"denied:{rule or 'unknown'}"] += count
    return dict(counted)


def rates(
    moved: Mapping[str, float] | None, orders: Mapping[str, float], frames: float | None, minutes: float
) -> dict[str, Part | None]:
    """For curves: how many a minute, and errors of each category per frame."""
    found: dict[str, Part | None] = {
        f"errors_{category}": None
        if moved is None or frames is None
        else (moved.get(f"error:{category}", 0.0), max(frames, moved.get(f"error:{category}", 0.0)))
        for category in CATEGORIES
    }
    for name in dict.fromkeys(TRADING.values()):
        count = sum(orders.get(f"order:{kind}", 0.0) for kind, counts_as in TRADING.items() if counts_as == name)
        found[f"orders_{name}"] = (count, minutes)
    return found


def summed(sums: Mapping[str, float] | None, more: Mapping[str, float]) -> dict[str, float]:
    """Both together."""
    together = dict(sums or {})
    for name, count in more.items():
        together[name] = together.get(name, 0.0) + count
    return together
