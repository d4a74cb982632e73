"""What an order is, and the only table of what may become of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from .money import ZERO, average_price
from .quote import Quote


class Word(StrEnum):
    """A field value whose label is what a trader reads."""

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Side(Word):
    BUY = "buy"
    SELL = "sell"


class Effect(Word):
    """What an order does to a position, FIX tag 77 PositionEffect: a sell that opens sells short, a buy that closes
    covers."""

    OPEN = "open"
    CLOSE = "close"


class OrderType(Word):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"

    @property
    def label(self) -> str:
        return {"stop_limit": "Stop-limit", "trailing_stop": "Trailing stop"}.get(self.value, self.value.capitalize())


class TimeInForce(Word):
    DAY = "day"
    GTC = "gtc"
    GTD = "gtd"
    IOC = "ioc"
    FOK = "fok"
    OPG = "opg"
    CLS = "cls"

    @property
    def label(self) -> str:
        return {
            "day": "Day",
            "gtc": "Good till cancelled",
            "gtd": "Good till date",
            "ioc": "Immediate or cancel",
            "fok": "Fill or kill",
            "opg": "At the open",
            "cls": "At the close",
        }[self.value]


class OrderStatus(Word):
    HELD = "held"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        return {"held": "Waiting", "new": "Working", "partially_filled": "Partly filled", "canceled": "Cancelled"}.get(
            self.value, self.value.capitalize()
        )


STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
"""They wait for the market to reach a price before they take part in it."""
LIMITS = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
"""They never trade at a worse price than their limit."""
IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
"""What the first quote does not fill is cancelled."""
AUCTIONS = frozenset({TimeInForce.OPG, TimeInForce.CLS})
"""They meet the first, or the last, quotes of one session; what those do not fill is cancelled."""
OF_A_SESSION = AUCTIONS | {TimeInForce.DAY}
"""They end with the session that they are for."""

WORKING = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
OPEN = WORKING | {OrderStatus.HELD}
"""What may still come to something; an exit, and a second order, is held until what it goes with is filled."""
CLOSED = frozenset(OrderStatus) - OPEN

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.HELD: frozenset({OrderStatus.NEW, OrderStatus.CANCELED, OrderStatus.REJECTED}),
    OrderStatus.NEW: CLOSED | {OrderStatus.PARTIALLY_FILLED},
    OrderStatus.PARTIALLY_FILLED: CLOSED - {OrderStatus.REJECTED} | {OrderStatus.PARTIALLY_FILLED},
    **{status: frozenset() for status in CLOSED},
}


class IllegalTransition(Exception):
    """An order was asked to become what it cannot become."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the rules see it. Quantities in shares, prices in USD; `placed_at` decides priority.

    A trailing stop trails by `trail_amount` (USD) or `trail_percent`; `watermark` is the best price that it has seen:
    the highest bid for a sell, the lowest ask for a buy. `take_profit` and `stop_loss` are the prices of its exits,
    `oco_stop` that of the stop which it cancels, and which cancels it. With `extended_hours` it trades in those too.
    """

    order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity: Decimal
    placed_at: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    status: OrderStatus = OrderStatus.NEW
    cum_qty: Decimal = ZERO
    triggered: bool = False
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    watermark: Decimal | None = None
    expires_at: datetime | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    oco_stop: Decimal | None = None
    effect: Effect | None = None
    extended_hours: bool = False

    @property
    def opens(self) -> bool:
        """Whether it adds to a position; unless it was said, buys do and sells do not."""
        return self.side is Side.BUY if self.effect is None else self.effect is Effect.OPEN

    @property
    def leaves_qty(self) -> Decimal:
        return self.quantity - self.cum_qty if self.status in WORKING else ZERO

    @property
    def stop_at(self) -> Decimal | None:
        """The price that elects a stop (USD): its own, or as far from the best price seen as it trails."""
        if self.order_type is not OrderType.TRAILING_STOP:
            return self.stop_price if self.order_type in STOPS else None
        if self.watermark is None:
            return None
        return stop_behind(self.side, self.watermark, self.trail_amount, self.trail_percent)

    @property
    def limit(self) -> Decimal | None:
        """The worst price it may trade at (USD); None when it takes any."""
        return self.limit_price if self.order_type in LIMITS else None

    @property
    def follows(self) -> bool:
        """A trailing stop that waits."""
        return self.order_type is OrderType.TRAILING_STOP and not self.triggered

    @property
    def awaits_watermark(self) -> bool:
        """A trailing stop that has seen no price yet."""
        return self.follows and self.watermark is None

    def having_seen(self, watermark: Decimal | None) -> Order:
        """The order after it saw that price, among others."""
        if watermark is None or not self.follows:
            return self
        best = min if self.side is Side.BUY else max
        return replace(self, watermark=watermark if self.watermark is None else best(self.watermark, watermark))

    def seeing(self, quote: Quote) -> Order:
        """The order after a quote: a trailing stop that waits follows the market when that moves its way."""
        return self.having_seen(quote.ask if self.side is Side.BUY else quote.bid)


def stop_behind(side: Side, watermark: Decimal, amount: Decimal | None, percent: Decimal | None) -> Decimal:
    """The price (USD) that elects a stop which trails this best price by an amount (USD), or by so many per cent."""
    trail = amount or watermark * (percent or ZERO) / 100
    return average_price(watermark + trail if side is Side.BUY else watermark - trail)


def check_transition(before: OrderStatus, after: OrderStatus) -> None:
    """Raises IllegalTransition unless the table allows it."""
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(f"an order that is {before} cannot become {after}")
