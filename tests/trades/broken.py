"""Which invariants do not hold, in whatever transaction is asked."""

from __future__ import annotations

from collections.abc import Iterable

from apps.portfolio.invariants import Invariant
from apps.trades.invariants import INVARIANTS


def broken(invariants: Iterable[Invariant] = INVARIANTS) -> dict[str, tuple[str, ...]]:
    """By name the ids of what is wrong."""
    findings = [invariant.look() for invariant in invariants]
    return {each.name: each.ids for each in findings if each.wrong}
