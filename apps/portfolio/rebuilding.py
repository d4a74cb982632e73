"""Positions made again from the books alone, by any cost method."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from apps.desk.money import ZERO
from apps.desk.position import CostMethod, Position, trade

from .closed import fills_booked


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What is open, and what was earned before commission by what was closed (USD)."""

    position: Position
    realized: Decimal = ZERO


def rebuilt(account_id: int, method: CostMethod) -> dict[str, Rebuilt]:
    """Every position that the account ever had, by symbol."""
    found: dict[str, Rebuilt] = {}
    for _, fill in fills_booked(account_id):
        before = found.get(fill.symbol) or Rebuilt(Position(fill.symbol))
        done = trade(before.position, fill, method, may_short=True)
        found[fill.symbol] = Rebuilt(done.position, before.realized + done.realized)
    return found
