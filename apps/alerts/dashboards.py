"""Transport and trading as their dashboards show them, from what the looks counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth import get_user_model

from apps.live.codes import BY_CLOSE
from apps.monitoring.together import together
from apps.telemetry import STAYS
from apps.telemetry.latency import BOUNDS, KINDS
from apps.telemetry.recent import percentile
from apps.trades.fragments import OUTCOMES

from .models import Sample
from .queries import TRADING

BROWSERS = {
    "1000": "The page ended it",
    "1001": "The page was left or loaded again",
    "1005": "The page ended it and said no code",
    "1006": "Lost, without a word",
}
"""What codes of RFC 6455 mean that come from pages, not from the desk."""
OF_ORDERS = {**OUTCOMES, "trailed": "stop trailed"}
RANKS = (50, 95, 99)
MOST = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a table with its share (per cent) of the longest."""

    name: str
    kind: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late pages showed changes of a kind: how many told, and percentiles in ms; None of nothing."""

    kind: str
    count: int
    ranks: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SlowUser:
    """`name` is empty of one who is gone."""

    user_id: int
    deferred: int
    late: int
    worst_ms: float
    name: str = ""


def bars(rows: Sequence[tuple[str, str, float]]) -> list[Bar]:
    longest = max((count for *_, count in rows), default=0.0)
    return [Bar(name, kind, round(count), 100 * count / longest if longest else 0.0) for name, kind, count in rows]


def most_first(counts: Mapping[str, float], *heads: str) -> list[Bar]:
    """Of the names with one of the heads, the most frequent; the head is their kind."""
    rows = [(tail, head, count) for name, count in counts.items() for head, _, tail in [name.partition(":")]]
    chosen = [row for row in rows if row[1] in heads]
    return bars(sorted(chosen, key=lambda row: (-row[2], row[0]))[:MOST])


def spread(counts: Mapping[str, float], head: str, bounds: Sequence[float]) -> list[float]:
    """How many fell into each bucket; the last is beyond every bound."""
    return [counts.get(f"{head}:{place}", 0.0) for place in range(len(bounds) + 1)]


def transport(counts: Mapping[str, float]) -> dict[str, Any]:
    """Lateness with its histogram, how long sockets stayed, errors by place, closes by code, and who is slow now."""
    late = {kind: spread(counts, f"late:{kind}", BOUNDS) for kind in KINDS}
    both = [sum(column) for column in zip(*late.values(), strict=True)]
    stays = spread(counts, "stay", STAYS)
    return {
        "lateness": [Lateness(kind, round(sum(row)), ranks_of(BOUNDS, row)) for kind, row in late.items()],
        "histogram": histogram(both, [f"{bound * 1000:g} ms" for bound in BOUNDS]),
        "stays": histogram(stays, [in_words(bound) for bound in STAYS]),
        "errors": most_first(counts, "fault", "refused"),
        "categories": most_first(counts, "error"),
        "closes": [(bar, words_of(bar.name)) for bar in most_first(counts, "closed")],
        "slow": slow_users(),
    }


def trading(counts: Mapping[str, float]) -> dict[str, Any]:
    """What became of orders, and the rules that refused some."""
    outcomes, rules = most_first(counts, "order"), most_first(counts, "denied")
    return {"outcomes": in_plain_words(outcomes), "rules": in_plain_words(rules)}


def rates(sample: Sample | None) -> list[tuple[str, float | None, float | None]]:
    """Orders accepted, fills and refusals as the last look counted them: a second, and a minute; None of not known."""
    found: list[tuple[str, float | None, float | None]] = []
    for name, (title, *_) in TRADING.items():
        if name.startswith("orders_"):
            part = sample.parts.get(name) if sample else None
            minute = part[0] / part[1] if part and part[1] else None
            found.append((title, None if minute is None else minute / 60, minute))
    return found


def ranks_of(bounds: Sequence[float], row: Sequence[float]) -> tuple[float | None, ...]:
    found = [percentile(bounds, [round(count) for count in row], rank) for rank in RANKS]
    return tuple(None if seconds is None else round(seconds * 1000, 1) for seconds in found)


def histogram(row: Sequence[float], words: Sequence[str]) -> list[Bar]:
    """From the first bucket that holds any to the last."""
    names = [*(f"up to {word}" for word in words), f"over {words[-1]}"]
    held = [place for place, count in enumerate(row) if count]
    rows = [(names[place], "", row[place]) for place in range(held[0], held[-1] + 1)] if held else []
    return bars(rows)


def in_words(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"


def words_of(code: str) -> str:
    known = BY_CLOSE.get(int(code)) if code.isdecimal() else None
    return known.message if known else BROWSERS.get(code, "")


def in_plain_words(found: Sequence[Bar]) -> list[Bar]:
    return [replace(bar, name=OF_ORDERS.get(bar.name, bar.name.replace("_", " "))) for bar in found]


def slow_users() -> list[SlowUser]:
    """Of all web processes, the worst first."""
    rows: dict[int, SlowUser] = {}
    for figures in together.figures():
        for user, deferred, late, worst in figures.slow:
            known = rows.get(int(user), SlowUser(int(user), 0, 0, 0.0))
            rows[int(user)] = SlowUser(
                int(user), known.deferred + int(deferred), known.late + int(late), max(known.worst_ms, worst)
            )
    found = sorted(rows.values(), key=lambda row: (row.late, row.deferred, row.worst_ms), reverse=True)[:MOST]
    people = get_user_model().objects.in_bulk([row.user_id for row in found])
    return [replace(row, name=people[row.user_id].username) if row.user_id in people else row for row in found]
