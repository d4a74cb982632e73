"""Positions made again from the books alone, by any cost method."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from apps.desk.position import CostMethod, Inventory, Position

from .closed import fills_booked


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What is open, and what was earned before commission by what was closed (USD)."""

    position: Position
    realized: Decimal


def rebuilt(account_id: int, method: CostMethod) -> dict[str, Rebuilt]:
    """Every position that the account ever had, by symbol."""
    held: dict[str, Inventory] = {}
    realized: dict[str, Decimal] = defaultdict(Decimal)
    for _, fill in fills_booked(account_id):
        if fill.symbol not in held:
            held[fill.symbol] = Inventory(Position(fill.symbol), method, may_short=True)
        realized[fill.symbol] += held[fill.symbol].take(fill)
    return {symbol: Rebuilt(inventory.position, realized[symbol]) for symbol, inventory in held.items()}
