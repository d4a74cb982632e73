"""What a trader asks for, checked field by field, and what may be answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from itertools import product

from apps.desk.money import plain
from apps.desk.order import Effect, OrderType, Side, TimeInForce
from apps.desk.order import Order as DeskOrder
from apps.desk.risk import Denied
from apps.market.models import Instrument

from .models import Order

THEN = "then_"
"""Before the name of each field of a second order."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A well-formed request for an order. The same `client_order_id` never makes a second order.

    With `oco_stop` (USD) a stop goes with it, and the first of the two that trades cancels the other.
    One that is `reduce_only` is refused where it would open a position; the `effect` is said of one that is there.
    With `notional` (USD) the quantity is what that came to when it was asked for, and a buy never spends more.
    `then` is what is to be sent once it is filled whole; that is known by this one's id.
    `is_exit` is said of an exit that is changed: no price band holds for it; `watermark` of a trailing stop that is.
    `instrument` is the symbol's row, if it was read while the fields were checked.
    """

    symbol: str
    side: Side
    order_type: OrderType
    quantity: Decimal
    client_order_id: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    expires_at: datetime | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    replaces: str = ""
    notional: Decimal | None = None
    oco_stop: Decimal | None = None
    reduce_only: bool = False
    effect: Effect | None = None
    extended_hours: bool = False
    is_exit: bool = False
    watermark: Decimal | None = None
    then: Ticket | None = None
    instrument: Instrument | None = field(default=None, compare=False, repr=False)

    def order(self, now: datetime) -> DeskOrder:
        """What it would be, placed now; under the id of the order that it `replaces`, if any."""
        return DeskOrder(
            self.replaces,
            self.symbol,
            self.side,
            self.order_type,
            self.quantity,
            now,
            self.limit_price,
            self.stop_price,
            self.time_in_force,
            trail_amount=self.trail_amount,
            trail_percent=self.trail_percent,
            watermark=self.watermark,
            expires_at=self.expires_at,
            take_profit=self.take_profit,
            stop_loss=self.stop_loss,
            oco_stop=self.oco_stop,
            effect=self.effect,
            extended_hours=self.extended_hours,
        )

    @property
    def fingerprint(self) -> str:
        """The same for the same terms, in hexadecimal (SHA-256), whatever becomes of the order."""
        apart = {"client_order_id", "replaces", "notional", "oco_stop", "reduce_only", "effect"}
        apart |= {"extended_hours", "is_exit", "watermark", "then", "instrument"}
        apart |= {"quantity"} if self.notional else set()
        terms = [getattr(self, each.name) for each in fields(self) if each.name not in apart]
        terms += ["notional", self.notional] if self.notional else []
        terms += ["oco_stop", self.oco_stop] if self.oco_stop else []
        terms += ["reduce_only"] if self.reduce_only else []
        terms += ["extended_hours"] if self.extended_hours else []
        terms += ["then", self.then.fingerprint] if self.then else []
        texts = [plain(term) if isinstance(term, Decimal) else "" if term is None else str(term) for term in terms]
        return sha256("|".join(texts).encode()).hexdigest()

    def asks_for(self, order: Order) -> bool:
        """Whether `order` was asked for by this ticket, so that sending it again is a retry, also where its symbol, or
        that of what comes after it, has changed meanwhile."""
        if not order.asked:
            return self.is_as(order)
        if self.fingerprint == order.asked:
            return True
        return any(each.fingerprint == order.asked for each in self.said_before(order))

    def said_before(self, order: Order) -> Iterator[Ticket]:
        """As it may have been said under former symbols, of what it names as of the second."""
        names = called(order, self.symbol)
        thens: list[Ticket | None] = [self.then]
        if self.then and (second := order.follower):
            thens += [replace(self.then, symbol=was) for was in called(second, self.then.symbol)]
        for symbol, then in product((self.symbol, *names), thens):
            yield replace(self, symbol=symbol, then=then)

    def is_as(self, order: Order) -> bool:
        """Whether these are the terms of an order of which it is not known what it was asked for."""
        return all(
            (
                self.symbol == order.instrument.symbol,
                self.side == order.side,
                self.order_type == order.order_type,
                self.quantity == order.quantity,
                self.limit_price == order.limit_price,
                self.stop_price == order.stop_price,
                self.time_in_force == order.time_in_force,
                self.trail_amount == order.trail_amount,
                self.trail_percent == order.trail_percent,
                self.expires_at == order.expires_at,
                self.take_profit == order.take_profit,
                self.stop_loss == order.stop_loss,
                self.then is None,
                self.extended_hours == order.extended_hours,
            )
        )


def called(order: Order, symbol: str) -> list[str]:
    """The former symbols of an order's instrument, if it is called `symbol` now: else another one is meant."""
    named = order.instrument
    return list(named.former_symbols.values_list("symbol", flat=True)) if named.symbol == symbol else []


@dataclass(frozen=True, slots=True)
class Change:
    """What a working order is to be from now on."""

    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None

    def errors(self, order: Order) -> dict[str, str]:
        """What cannot be undone any more: what is filled, a stop that was reached."""
        errors = {}
        if self.quantity <= order.cum_qty:
            filled = plain(order.cum_qty)
            errors["quantity"] = f"Quantity must be more than the {filled} filled already; cancel the order to end it"
        if order.is_linked and self.quantity != order.quantity:
            errors["quantity"] = "Quantity is that of the order it belongs to; only its price can be changed"
        if order.triggered_at and self.stop_price != order.stop_price:
            errors["stop_price"] = "Stop price was reached already; it cannot be changed"
        return errors

    def is_none(self, order: Order) -> bool:
        return self.only_less(order) and self.quantity == order.quantity

    def only_less(self, order: Order) -> bool:
        """At the same prices and for no more: it keeps its place in the queue."""
        same = (self.limit_price, self.stop_price) == (order.limit_price, order.stop_price)
        return same and self.quantity <= order.quantity

    def ticket(self, order: Order) -> Ticket:
        """What would be left to fill, as an order of its own, for the rules to look at."""
        return Ticket(
            order.instrument.symbol,
            Side(order.side),
            OrderType(order.order_type),
            self.quantity - order.cum_qty,
            order.client_order_id,
            self.limit_price,
            self.stop_price,
            TimeInForce(order.time_in_force),
            trail_amount=order.trail_amount,
            trail_percent=order.trail_percent,
            expires_at=order.expires_at,
            take_profit=order.take_profit,
            stop_loss=order.stop_loss,
            replaces=str(order.pk),
            effect=Effect.OPEN if order.opens else Effect.CLOSE,
            extended_hours=order.extended_hours,
            is_exit=order.is_exit,
            watermark=order.watermark,
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """The order a ticket stands for, and what comes after it; `created` is False when the ticket was a retry."""

    order: Order
    created: bool
    then: Order | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """No order: for each field at fault, the rule in words and numbers; `denied` is the rule, where it is one of those
    that are asked before every order."""

    errors: dict[str, str]
    denied: Denied | None = field(default=None, compare=False)


def refused_by(denied: Denied) -> Refused:
    return Refused({denied.field: denied.message}, denied)


def facts_of(denied: Denied) -> dict[str, str | None]:
    """The rule by its name, and both its numbers, for whoever reads no words."""
    needed, available = (None if each is None else plain(each) for each in (denied.needed, denied.available))
    return {"rule": denied.rule, "needed": needed, "available": available}


class Undone(Exception):
    """A rule refuses the end of what was begun: all of it is undone, and only the refusal is kept."""

    def __init__(self, ticket: Ticket, denied: Denied) -> None:
        super().__init__(denied.message)
        self.ticket, self.denied = ticket, denied
