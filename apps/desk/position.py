"""What is held of one symbol, in lots: long ones of shares bought, short ones of shares owed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from .currency import ONE
from .fill import Fill
from .money import TINIEST_PRICE, ZERO, average_price, cents, usd_of
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

    `cost` (USD, without commission) is `qty` at `price`, to the cent. Where the price is in another currency,
    `local` is the cost in that, and `rate` what a unit of it was worth (USD).
    """

    exec_id: str
    qty: Decimal
    cost: Decimal
    price: Decimal
    opened_at: datetime
    rate: Decimal = ONE
    local: Decimal = ZERO

    @property
    def is_local(self) -> bool:
        """Whether its price is in another currency."""
        return bool(self.local) or self.rate != ONE

    def left(self, qty: Decimal) -> Lot:
        """With so many of its shares, at its price."""
        if not self.is_local:
            return replace(self, qty=qty, cost=cents(qty * self.price))
        return replace(self, qty=qty, cost=usd_of(qty, self.price, self.rate), local=cents(qty * self.price))


@dataclass(frozen=True, slots=True)
class Split:
    """`new` shares take the place of `old` ones, at the same cost: 2 for 1, or 1 for 10 in a reverse split."""

    symbol: str
    new: int
    old: int

    def shares(self, qty: Decimal) -> Decimal:
        """To eight places, towards none."""
        return (qty * self.new / self.old).quantize(TINIEST_PRICE, ROUND_DOWN)

    def price(self, price: Decimal) -> Decimal:
        return average_price(price * self.old / self.new)


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
    def local(self) -> Decimal:
        """The cost in the lots' own currency; 0 where that is USD."""
        return sum((lot.local for lot in self.lots), ZERO)

    @property
    def avg_open_px(self) -> Decimal | None:
        """What an open share cost, or fetched, on average (USD); None when flat."""
        return self.cost / self.qty if self.lots else None


@dataclass(frozen=True, slots=True)
class Traded:
    """What a fill leaves, and what the shares that it closed have earned (USD, before commission)."""

    position: Position
    realized: Decimal


class Inventory:
    """A position that takes one fill after the other, in a time that does not grow with its lots."""

    def __init__(self, position: Position, method: CostMethod = CostMethod.FIFO, *, may_short: bool = False) -> None:
        self.symbol, self.method, self.may_short = position.symbol, method, may_short
        self.lots, self.qty, self.cost = deque(position.lots), position.qty, position.cost
        self.local = position.local

    @property
    def position(self) -> Position:
        return Position(self.symbol, tuple(self.lots))

    def opens(self, fill: Fill) -> bool:
        """Whether the fill adds to what is open. Raises ValueError where it does not fit, and nothing changes."""
        if fill.symbol != self.symbol or fill.last_qty <= 0:
            raise ValueError(f"{fill.side} {fill.last_qty} {fill.symbol} is no fill of {self.symbol}")
        buys = fill.side is Side.BUY
        if self.qty >= 0 if buys else self.qty < 0 or (self.qty == 0 and self.may_short):
            return True
        if fill.last_qty > abs(self.qty):
            verb, noun = "buys" if buys else "sells", "short" if self.qty < 0 else "held"
            raise ValueError(f"{verb} {fill.last_qty} {fill.symbol}; {abs(self.qty)} {noun}")
        return False

    def take(self, fill: Fill) -> Decimal:
        """What the shares that it closed have earned (USD, before commission). Raises ValueError as `opens` does."""
        sign = 1 if fill.side is Side.BUY else -1
        if self.opens(fill):
            terms = sign * fill.last_qty, sign * fill.notional, fill.last_px, fill.at, fill.rate, sign * fill.local
            self.add(Lot(fill.exec_id, *terms))
            return ZERO
        before = self.cost
        self.relieve(fill.last_qty)
        return -sign * fill.notional - (before - self.cost)

    def split(self, split: Split) -> Decimal:
        """How many shares more there are, below zero when fewer. What the lots lose by rounding the newest gets."""
        after = split.shares(self.qty)
        more, lots = after - self.qty, list[Lot]()
        for lot in self.lots:
            last = len(lots) == len(self.lots) - 1
            qty = after - sum((each.qty for each in lots), ZERO) if last else split.shares(lot.qty)
            lots.append(replace(lot, qty=qty, price=split.price(lot.price)))
        self.lots, self.qty = deque(lots), after
        return more

    def add(self, lot: Lot) -> None:
        """As the newest lot, or, at average cost, into the only one, named after the oldest."""
        self.qty, self.cost, self.local = self.qty + lot.qty, self.cost + lot.cost, self.local + lot.local
        if self.method is CostMethod.AVERAGE and self.lots:
            average = average_price((self.local if lot.is_local else self.cost) / self.qty)
            rate = average_price(self.cost / self.local) if self.local else lot.rate
            first = replace(self.lots[0], qty=self.qty, cost=self.cost, price=average, rate=rate, local=self.local)
            self.lots.clear()
            self.lots.append(first)
        else:
            self.lots.append(lot)

    def relieve(self, qty: Decimal) -> None:
        """Takes shares away, from the oldest or from the newest lot."""
        newest_first = self.method is CostMethod.LIFO
        while qty:
            lot = self.lots.pop() if newest_first else self.lots.popleft()
            taken = min(qty, abs(lot.qty))
            qty -= taken
            signed = taken if lot.qty > 0 else -taken
            rest = lot.qty - signed
            # What stays is priced and what goes takes the rest: no cent is lost, in however many parts
            kept = lot.left(rest)
            self.qty, self.cost = self.qty - signed, self.cost - (lot.cost - kept.cost)
            self.local -= lot.local - kept.local
            if rest:
                put_back = self.lots.append if newest_first else self.lots.appendleft
                put_back(kept)


def trade(position: Position, fill: Fill, method: CostMethod = CostMethod.FIFO, *, may_short: bool = False) -> Traded:
    """Opens shares or closes open ones, never both: ValueError for a fill that would close more than is open, or
    that sells short what may not be."""
    inventory = Inventory(position, method, may_short=may_short)
    realized = inventory.take(fill)
    return Traded(inventory.position, realized)
