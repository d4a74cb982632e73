"""The working orders of one symbol by the price that moves them: a quote costs what it reaches, not what waits."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from decimal import Decimal

from .order import IMMEDIATE, STOPS, Order, Side, TimeInForce
from .quote import Quote

AT_ONCE = IMMEDIATE | {TimeInForce.OPG}
LAST = "\U0010ffff"  # sorts behind every order id


class Levels:
    """Order ids by price (USD)."""

    def __init__(self) -> None:
        self.rows: list[tuple[Decimal, str]] = []

    def add(self, price: Decimal, order_id: str) -> None:
        insort(self.rows, (price, order_id))

    def remove(self, price: Decimal, order_id: str) -> None:
        del self.rows[bisect_left(self.rows, (price, order_id))]

    def at_most(self, price: Decimal) -> list[str]:
        return [order_id for _, order_id in self.rows[: bisect_right(self.rows, (price, LAST))]]

    def below(self, price: Decimal) -> list[str]:
        return [order_id for _, order_id in self.rows[: bisect_left(self.rows, (price, ""))]]

    def at_least(self, price: Decimal) -> list[str]:
        return [order_id for _, order_id in self.rows[bisect_left(self.rows, (price, "")) :]]

    def above(self, price: Decimal) -> list[str]:
        return [order_id for _, order_id in self.rows[bisect_right(self.rows, (price, LAST)) :]]


class Book:
    """Orders are put in, and taken out by id. Trailing stops follow the quotes that `see` is given."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self.orders: dict[str, Order] = {}
        self.ready: set[str] = set()  # looked at whatever the price, as market orders are
        self.at_close: set[str] = set()  # looked at by no quote but the last
        self.limits = {side: Levels() for side in Side}
        self.stops = {side: Levels() for side in Side}
        self.marks = {side: Levels() for side in Side}
        for order in orders:
            self.put(order)

    def __len__(self) -> int:
        return len(self.orders)

    @property
    def trailing(self) -> list[str]:
        """The trailing stops that follow."""
        return [order_id for side in Side for _, order_id in self.marks[side].rows]

    def put(self, order: Order) -> None:
        """Takes the order's newest state, whether it was there or not."""
        self.take(order.order_id)
        self.orders[order.order_id] = order
        if order.time_in_force is TimeInForce.CLS:
            self.at_close.add(order.order_id)
            return
        levels = list(self.levels_of(order))
        for level, price in levels:
            level.add(price, order.order_id)
        if not levels or order.time_in_force in AT_ONCE:
            self.ready.add(order.order_id)

    def take(self, order_id: str) -> None:
        order = self.orders.pop(order_id, None)
        if order is None:
            return
        self.ready.discard(order_id)
        if order_id in self.at_close:
            self.at_close.remove(order_id)
            return
        for level, price in self.levels_of(order):
            level.remove(price, order_id)

    def levels_of(self, order: Order) -> Iterator[tuple[Levels, Decimal]]:
        """Where it stands: a waiting stop at its stop, a trailing one at the best price it has seen as well."""
        if order.order_type in STOPS and not order.triggered:
            if order.watermark is not None:
                yield self.marks[order.side], order.watermark
            if order.stop_at is not None:
                yield self.stops[order.side], order.stop_at
        elif order.limit is not None:
            yield self.limits[order.side], order.limit

    def see(self, quote: Quote) -> None:
        """Moves the trailing stops that the quote moves."""
        new = [order_id for order_id in self.ready if self.orders[order_id].awaits_watermark]
        for order_id in (*new, *self.marks[Side.SELL].below(quote.bid), *self.marks[Side.BUY].above(quote.ask)):
            self.put(self.orders[order_id].seeing(quote))

    def reached(self, quote: Quote, signal: Quote | None = None) -> list[Order]:
        """All orders that matching could do anything to at this quote: elect (by `signal`, if that is another), fill,
        or cancel."""
        signal = signal or quote
        found = {
            *self.ready,
            *self.limits[Side.BUY].at_least(quote.ask),
            *self.limits[Side.SELL].at_most(quote.bid),
            *self.stops[Side.BUY].at_most(signal.ask),
            *self.stops[Side.SELL].at_least(signal.bid),
        }
        return [self.orders[order_id] for order_id in found]
