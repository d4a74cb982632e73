"""A trader's books in a pure desk: what is held, the ledger, and what is held back. The way of the data is that of
apps/portfolio: bookkeeping.py, terms.py and corporate.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from apps.desk.fill import Fill
from apps.desk.ledger import (
    BOOKS,
    CASH,
    DIVIDENDS,
    REALIZED,
    SECURITIES,
    Line,
    balanced,
    lines_of_deposit,
    lines_of_fill,
    lines_of_income,
)
from apps.desk.margin import Margin, margin_of
from apps.desk.money import ZERO, cents
from apps.desk.order import Effect, Side
from apps.desk.position import CostMethod, Inventory, Position, Split
from apps.desk.quote import Quote
from apps.desk.valuation import equity, value_position


class PureAccount:
    def __init__(self, deposit: Decimal, lots: Mapping[str, Decimal], *, on_margin: bool) -> None:
        self.on_margin, self.lot_sizes, self.method = on_margin, lots, CostMethod.FIFO
        self.positions = {symbol: Position(symbol) for symbol in lots}
        self.realized = dict.fromkeys(lots, ZERO)
        self.moves: dict[str, list[Fill | Split]] = {symbol: [] for symbol in lots}
        self.ledger = dict.fromkeys(BOOKS, ZERO)
        self.held_back: defaultdict[str, Decimal] = defaultdict(Decimal)  # by symbol, or cash
        self.write(lines_of_deposit(deposit))

    def effect_of(self, side: Side, symbol: str) -> Effect:
        if not self.on_margin:
            return Effect.OPEN if side is Side.BUY else Effect.CLOSE
        held = self.positions[symbol].qty
        closes = held < 0 if side is Side.BUY else held > 0
        return Effect.CLOSE if closes else Effect.OPEN

    def free(self, quotes: Mapping[str, Quote]) -> Decimal | None:
        """What may be opened with (USD); None while a price is missing."""
        if not self.on_margin:
            return self.ledger[CASH] - self.held_back[CASH]
        margin = self.margin(quotes)
        return None if margin is None else margin.excess

    def margin(self, quotes: Mapping[str, Quote]) -> Margin | None:
        held = [position for position in self.positions.values() if position.lots]
        if any(position.symbol not in quotes for position in held):
            return None
        valued = [(each.qty, value_position(each.qty, each.cost, quotes[each.symbol].mark)[0]) for each in held]
        return margin_of(equity(self.ledger[CASH], [value for _, value in valued]), self.held_back[CASH], valued)

    def book(self, fill: Fill) -> None:
        before = self.positions[fill.symbol]
        inventory = Inventory(before, self.method, may_short=self.on_margin)
        realized = inventory.take(fill)
        self.positions[fill.symbol] = inventory.position
        self.realized[fill.symbol] += realized
        self.moves[fill.symbol].append(fill)
        self.write(lines_of_fill(fill, inventory.position.cost - before.cost, realized))

    def switch(self, method: CostMethod) -> bool:
        """Every position again from all its fills; what that makes of the past is booked."""
        if self.method is method:
            return False
        self.method = method
        for symbol, moves in self.moves.items():
            again, realized = Inventory(Position(symbol), method, may_short=True), ZERO
            for move in moves:
                if isinstance(move, Split):
                    again.split(move)
                else:
                    realized += again.take(move)
            cost, more = again.cost - self.positions[symbol].cost, realized - self.realized[symbol]
            self.positions[symbol], self.realized[symbol] = again.position, realized
            self.write(balanced(Line(SECURITIES, cost), Line(REALIZED, -more)))
        return True

    def split(self, split: Split, in_lieu: Decimal, now: datetime) -> None:
        """New shares for old ones, and cash for what is no whole lot."""
        inventory = Inventory(self.positions[split.symbol], self.method, may_short=self.on_margin)
        if not inventory.qty:
            return
        inventory.split(split)
        self.positions[split.symbol] = inventory.position
        self.moves[split.symbol].append(split)
        rest = abs(inventory.qty) % self.lot_sizes[split.symbol]
        if rest:
            side = Side.SELL if inventory.qty > 0 else Side.BUY
            self.book(Fill("in-lieu", "", split.symbol, side, rest, in_lieu, ZERO, "", now))

    def pay(self, symbol: str, dividend: Decimal) -> None:
        if paid := cents(self.positions[symbol].qty * dividend):
            self.write(lines_of_income(DIVIDENDS, paid))

    def write(self, lines: tuple[Line, ...]) -> None:
        for line in lines:
            self.ledger[line.book] += line.amount
