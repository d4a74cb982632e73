"""Positions made again from the books alone, by any cost method."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from apps.desk.position import CostMethod, Inventory, Position, Split

from .closed import moves_booked


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What is open, and what was earned before commission by what was closed (USD)."""

    position: Position
    realized: Decimal


def rebuilt(account_id: int, method: CostMethod) -> dict[str, Rebuilt]:
    """Every position that the account ever had, by symbol."""
    held: dict[str, Inventory] = {}
    realized: dict[str, Decimal] = defaultdict(Decimal)
    for _, move in moves_booked(account_id):
        if move.symbol not in held:
            held[move.symbol] = Inventory(Position(move.symbol), method, may_short=True)
        if isinstance(move, Split):
            held[move.symbol].split(move)
        else:
            realized[move.symbol] += held[move.symbol].take(move)
    return {symbol: Rebuilt(inventory.position, realized[symbol]) for symbol, inventory in held.items()}
