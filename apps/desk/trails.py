"""The trailing stops of one side of a symbol. Those that have seen the same best price share one mark, so that a new
best price moves marks, however many follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import takewhile

from .levels import Levels
from .money import ZERO
from .order import Order, Side, stop_behind


class Mark:
    """The stops whose best price is `watermark`, by how far they trail: the nearest is elected first.

    `nearest` is its price (USD).
    """

    def __init__(self, side: Side, watermark: Decimal) -> None:
        self.side, self.watermark, self.nearest = side, watermark, ZERO
        self.amounts = Levels[str]()
        self.percents = Levels[str]()

    def __len__(self) -> int:
        return len(self.amounts.rows) + len(self.percents.rows)

    def add(self, order: Order) -> None:
        if order.trail_amount:
            self.amounts.add(order.trail_amount, order.order_id)
        else:
            self.percents.add(order.trail_percent or ZERO, order.order_id)

    def remove(self, order: Order) -> None:
        if order.trail_amount:
            self.amounts.remove(order.trail_amount, order.order_id)
        else:
            self.percents.remove(order.trail_percent or ZERO, order.order_id)

    def absorb(self, other: Mark) -> list[str]:
        """Takes all of the other's; says which they are."""
        for levels, more in ((self.amounts, other.amounts), (self.percents, other.percents)):
            for trail, order_id in more.rows:
                levels.add(trail, order_id)
        return [order_id for _, order_id in (*other.amounts.rows, *other.percents.rows)]

    def move(self, watermark: Decimal) -> None:
        """Its stops follow, and `nearest` with them."""
        self.watermark = watermark
        nearest = [next(stops, None) for stops in self.stops()]
        self.nearest = (min if self.side is Side.BUY else max)(stop for stop, _ in filter(None, nearest))

    def stops(self) -> tuple[Iterator[tuple[Decimal, str]], Iterator[tuple[Decimal, str]]]:
        """Stop price (USD) and order id of those that trail by an amount, and by a percentage; the nearest first."""
        side, seen = self.side, self.watermark
        by_amount = ((stop_behind(side, seen, trail, None), order_id) for trail, order_id in self.amounts.rows)
        by_percent = ((stop_behind(side, seen, None, trail), order_id) for trail, order_id in self.percents.rows)
        return by_amount, by_percent

    def reached(self, price: Decimal) -> Iterator[str]:
        for stops in self.stops():
            for _, order_id in takewhile(lambda row: self.is_reached(row[0], price), stops):
                yield order_id

    def is_reached(self, stop: Decimal, price: Decimal) -> bool:
        return price >= stop if self.side is Side.BUY else price <= stop


class Trails:
    """Prices are those that the side looks at: the ask for buys, the bid for sells."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.marks: dict[Decimal, Mark] = {}
        self.prices = Levels[Decimal]()  # of the marks
        self.nearest = Levels[Decimal]()  # the marks by the stop that is elected first
        self.mark_of: dict[str, Mark] = {}

    def put(self, order: Order, watermark: Decimal) -> None:
        mark = self.marks.get(watermark)
        if mark is None:
            mark = Mark(self.side, watermark)
        else:
            self.unlist(mark)
        mark.add(order)
        self.mark_of[order.order_id] = mark
        self.list_at(mark, mark.watermark)

    def take(self, order: Order) -> None:
        mark = self.mark_of.pop(order.order_id)
        self.unlist(mark)
        mark.remove(order)
        if mark:
            self.list_at(mark, mark.watermark)

    def follow(self, price: Decimal) -> None:
        """Marks that have seen nothing as good become one; the smaller ones go into the largest."""
        worse = self.prices.above(price) if self.side is Side.BUY else self.prices.below(price)
        if not worse:
            return
        found = [self.marks[watermark] for watermark in (*worse, price) if watermark in self.marks]
        for mark in found:
            self.unlist(mark)
        largest = max(found, key=len)
        for mark in found:
            if mark is not largest:
                self.mark_of.update(dict.fromkeys(largest.absorb(mark), largest))
        self.list_at(largest, price)

    def reached(self, price: Decimal) -> Iterator[str]:
        """Those that the price elects."""
        found = self.nearest.at_most(price) if self.side is Side.BUY else self.nearest.at_least(price)
        for watermark in found:
            yield from self.marks[watermark].reached(price)

    def watermark_of(self, order_id: str) -> Decimal | None:
        mark = self.mark_of.get(order_id)
        return mark.watermark if mark else None

    def list_at(self, mark: Mark, watermark: Decimal) -> None:
        mark.move(watermark)
        self.marks[watermark] = mark
        self.prices.add(watermark, watermark)
        self.nearest.add(mark.nearest, watermark)

    def unlist(self, mark: Mark) -> None:
        del self.marks[mark.watermark]
        self.prices.remove(mark.watermark, mark.watermark)
        self.nearest.remove(mark.nearest, mark.watermark)
