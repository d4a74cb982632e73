"""The working orders of one symbol by the price that moves them: a quote costs what it reaches, not what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from .levels import Levels
from .order import IMMEDIATE, STOPS, Order, Side, TimeInForce
from .quote import Quote
from .trails import Trails

AT_ONCE = IMMEDIATE | {TimeInForce.OPG}


class Book:
    """Orders are put in, and taken out by id. Trailing stops follow the quotes that `see` is given; what is asked for
    has its watermark of now.
    """

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self.orders: dict[str, Order] = {}  # as they were put in
        self.ready: set[str] = set()  # looked at whatever the price, as market orders are
        self.at_close: set[str] = set()  # looked at by no quote but the last
        self.limits = {side: Levels[str]() for side in Side}
        self.stops = {side: Levels[str]() for side in Side}
        self.trails = {side: Trails(side) for side in Side}
        for order in orders:
            self.put(order)

    def __len__(self) -> int:
        return len(self.orders)

    def __iter__(self) -> Iterator[Order]:
        return map(self.followed, self.orders.values())

    def get(self, order_id: str) -> Order | None:
        order = self.orders.get(order_id)
        return self.followed(order) if order else None

    def followed(self, order: Order) -> Order:
        return order.having_seen(self.trails[order.side].watermark_of(order.order_id))

    def watermarks(self) -> Iterator[tuple[str, Decimal]]:
        """By order id the best price that each trailing stop which follows has seen."""
        for trails in self.trails.values():
            for order_id, mark in trails.mark_of.items():
                yield order_id, mark.watermark

    def put(self, order: Order) -> None:
        """Takes the order's newest state, whether it was there or not."""
        self.take(order.order_id)
        self.orders[order.order_id] = order
        if order.time_in_force is TimeInForce.CLS:
            self.at_close.add(order.order_id)
            return
        if order.follows and order.watermark is not None:
            self.trails[order.side].put(order, order.watermark)
        elif level := self.level_of(order):
            level[0].add(level[1], order.order_id)
        else:
            self.ready.add(order.order_id)
        if order.time_in_force in AT_ONCE:
            self.ready.add(order.order_id)

    def take(self, order_id: str) -> None:
        order = self.orders.pop(order_id, None)
        if order is None:
            return
        self.ready.discard(order_id)
        if order_id in self.at_close:
            self.at_close.remove(order_id)
        elif order_id in self.trails[order.side].mark_of:
            self.trails[order.side].take(order)
        elif level := self.level_of(order):
            level[0].remove(level[1], order_id)

    def level_of(self, order: Order) -> tuple[Levels[str], Decimal] | None:
        """Where it stands and at what price: a waiting stop at its own, a limit at its limit."""
        if order.order_type in STOPS and not order.triggered:
            return None if order.stop_at is None else (self.stops[order.side], order.stop_at)
        return None if order.limit is None else (self.limits[order.side], order.limit)

    def see(self, quote: Quote) -> None:
        """Moves the trailing stops that the quote moves."""
        for order_id in [order_id for order_id in self.ready if self.orders[order_id].awaits_watermark]:
            self.put(self.orders[order_id].seeing(quote))
        self.trails[Side.SELL].follow(quote.bid)
        self.trails[Side.BUY].follow(quote.ask)

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
            *self.trails[Side.BUY].reached(signal.ask),
            *self.trails[Side.SELL].reached(signal.bid),
        }
        return [self.followed(self.orders[order_id]) for order_id in found]
