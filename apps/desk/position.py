"""What is held of one symbol, in lots: long ones of shares bought, short ones of shares owed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from .fill import Fill
from .money import ZERO, average_price, cents
from .order import Side, Word


class CostMethod(Word):
    """Which of the open shares a closing fill takes. Source: Treas. Reg. § 1.1012-1(c) and (e)."""

    FIFO = "fifo"
    LIFO = "lifo"
    AVERAGE = "average"

    @property
    def label(self) -> str:
        return {"fifo": "First in, first out", "lifo": "Last in, first out", "average": "Average cost"}[self.value]


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares of one fill still open; short ones have a negative `qty` and `cost`, which is what they fetched.

    `cost` (USD, without commission) is `qty` at `price`, to the cent.
    """

    exec_id: str
    qty: Decimal
    cost: Decimal
    price: Decimal
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """All lots are of one sign."""

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
        """What an open share cost, or fetched, on average (USD); None when flat."""
        return self.cost / self.qty if self.lots else None


@dataclass(frozen=True, slots=True)
class Traded:
    """What a fill leaves, and what the shares that it closed have earned (USD, before commission)."""

    position: Position
    realized: Decimal


def trade(position: Position, fill: Fill, method: CostMethod = CostMethod.FIFO, *, may_short: bool = False) -> Traded:
    """Opens shares or closes open ones, never both: ValueError for a fill that would close more than is open, or
    that sells short what may not be."""
    if fill.symbol != position.symbol or fill.last_qty <= 0:
        raise ValueError(f"{fill.side} {fill.last_qty} {fill.symbol} is no fill of {position.symbol}")
    held = position.qty
    opens = held >= 0 if fill.side is Side.BUY else held < 0 or (held == 0 and may_short)
    if opens:
        return Traded(opened(position, fill, method), ZERO)
    if fill.last_qty > abs(held):
        verb = "buys" if fill.side is Side.BUY else "sells"
        raise ValueError(f"{verb} {fill.last_qty} {fill.symbol}; {abs(held)} {'short' if held < 0 else 'held'}")
    after = closed(position, fill.last_qty, method)
    flow = -fill.notional if fill.side is Side.BUY else fill.notional
    return Traded(after, flow - (position.cost - after.cost))


def opened(position: Position, fill: Fill, method: CostMethod) -> Position:
    """With the shares as the newest lot, or, at average cost, in the only one."""
    sign = 1 if fill.side is Side.BUY else -1
    lot = Lot(fill.exec_id, sign * fill.last_qty, sign * fill.notional, fill.last_px, fill.at)
    if method is not CostMethod.AVERAGE or not position.lots:
        return replace(position, lots=(*position.lots, lot))
    pooled = Position(position.symbol, (*position.lots, lot))
    return replace(position, lots=(pool(pooled),))


def pool(position: Position) -> Lot:
    """All shares in one lot at their average price, named after the oldest."""
    first, cost, qty = position.lots[0], position.cost, position.qty
    return replace(first, qty=qty, cost=cost, price=average_price(cost / qty))


def closed(position: Position, qty: Decimal, method: CostMethod) -> Position:
    """With `qty` shares less, of the oldest or of the newest lots."""
    newest_first = method is CostMethod.LIFO
    wanted, kept = qty, []
    for lot in reversed(position.lots) if newest_first else position.lots:
        taken = min(wanted, abs(lot.qty))
        wanted -= taken
        if taken < abs(lot.qty):
            rest = lot.qty - taken if lot.qty > 0 else lot.qty + taken
            # What stays is priced and what goes takes the rest: no cent is lost, in however many parts
            kept.append(replace(lot, qty=rest, cost=cents(rest * lot.price)) if taken else lot)
    return replace(position, lots=tuple(reversed(kept) if newest_first else kept))
