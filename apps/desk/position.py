"""What is held of one symbol, in lots relieved first in, first out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from .fill import Fill
from .money import ZERO, cents
from .order import Side


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares of one buy not yet sold. `cost` (USD, without commission) is `qty` at `price`, to the cent."""

    exec_id: str
    qty: Decimal
    cost: Decimal
    price: Decimal
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Position:
    symbol: str
    lots: tuple[Lot, ...] = ()

    @property
    def qty(self) -> Decimal:
        return sum((lot.qty for lot in self.lots), ZERO)

    @property
    def cost(self) -> Decimal:
        return sum((lot.cost for lot in self.lots), ZERO)

    @property
    def avg_open_px(self) -> Decimal | None:
        """What an open share cost on average (USD); None when flat."""
        return self.cost / self.qty if self.lots else None


@dataclass(frozen=True, slots=True)
class Sold:
    """What a sell leaves, what the sold shares had cost and what they earned (USD, before commission)."""

    position: Position
    cost_relieved: Decimal
    realized: Decimal


def buy(position: Position, fill: Fill) -> Position:
    """The position with the bought shares as its newest lot."""
    check_fits(position, fill, Side.BUY)
    lot = Lot(fill.exec_id, fill.last_qty, fill.notional, fill.last_px, fill.at)
    return replace(position, lots=(*position.lots, lot))


def sell(position: Position, fill: Fill) -> Sold:
    """Relieve the oldest lots. Raises ValueError for more than is held."""
    check_fits(position, fill, Side.SELL)
    if fill.last_qty > position.qty:
        raise ValueError(f"sells {fill.last_qty} {fill.symbol}; {position.qty} held")
    wanted, kept = fill.last_qty, []
    for lot in position.lots:
        taken = min(wanted, lot.qty)
        wanted -= taken
        if taken < lot.qty:
            rest = lot.qty - taken
            # What stays is priced and what goes takes the rest: no cent is lost, in however many parts
            kept.append(replace(lot, qty=rest, cost=cents(rest * lot.price)) if taken else lot)
    after = replace(position, lots=tuple(kept))
    cost_relieved = position.cost - after.cost
    return Sold(after, cost_relieved, fill.notional - cost_relieved)


def check_fits(position: Position, fill: Fill, side: Side) -> None:
    if fill.symbol != position.symbol or fill.side is not side or fill.last_qty <= 0:
        raise ValueError(f"{fill.side} {fill.last_qty} {fill.symbol} is no {side} of {position.symbol}")
