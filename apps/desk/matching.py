"""Working orders met by a quote: who trades how much, and at what price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .calendar import Trading
from .fill import Liquidity
from .money import ZERO
from .order import AUCTIONS, IMMEDIATE, LIMITS, STOPS, Order, OrderType, Side, TimeInForce
from .policy import TOUCH, Policy
from .quote import Quote


@dataclass(frozen=True, slots=True)
class Displayed:
    """What is left (shares) of the sizes a quote shows."""

    bid_size: Decimal
    ask_size: Decimal


@dataclass(frozen=True, slots=True)
class Execution:
    """`triggered` says that this quote elected the stop it fills."""

    order_id: str
    qty: Decimal
    price: Decimal
    liquidity: Liquidity
    triggered: bool


@dataclass(frozen=True, slots=True)
class Matched:
    """`triggered` names every stop elected now, filled or not; `left` is what the next match may take.

    `killed` names the immediate orders whose rest is to be cancelled now.
    """

    executions: tuple[Execution, ...]
    triggered: tuple[str, ...]
    left: Displayed
    killed: tuple[str, ...] = ()


def match(
    orders: Sequence[Order],
    quote: Quote,
    now: datetime,
    *,
    stale_ms: int,
    displayed: Displayed | None = None,
    lot_size: Decimal = Decimal(1),
    trading: Trading = Trading.CONTINUOUS,
    policy: Policy = TOUCH,
) -> Matched:
    """Fill `orders` of one symbol against `quote`, by price and then time; nothing on a stale quote.

    `trading` says whose turn it is: the orders for the close have theirs at the close, alone, and in extended hours
    only those do that asked for them. `policy` says at which
    of the quote's prices.
    """
    left = displayed or Displayed(quote.bid_size, quote.ask_size)
    for order in orders:
        if order.symbol != quote.symbol:
            raise ValueError(f"order {order.order_id} is for {order.symbol}, the quote for {quote.symbol}")
    present = [order for order in orders if takes_part(order, trading) and policy.has_arrived(order, now)]
    market, signal = policy.market(quote), policy.signal(quote)
    working = [order.seeing(signal) for order in present if order.leaves_qty > 0 and not is_over(order, now)]
    if quote.is_stale(now, stale_ms):
        return Matched((), (), left, unfilled(working, {}, trading, stale=True))
    elected = {order.order_id for order in working if is_elected(order, signal)}
    filled: dict[str, Decimal] = {}
    executions: list[Execution] = []
    rest = {Side.BUY: left.ask_size, Side.SELL: left.bid_size}
    for order in sorted(working, key=priority):
        if is_late(order, trading) or not can_trade(order, market, order.order_id in elected):
            continue
        qty = min(order.leaves_qty, rest[order.side]) // lot_size * lot_size
        if order.time_in_force is TimeInForce.FOK and qty < order.leaves_qty:
            continue
        if qty > 0:
            rest[order.side] -= qty
            filled[order.order_id] = qty
            price = policy.slipped(order, market.ask if order.side is Side.BUY else market.bid, quote)
            triggered = order.order_id in elected
            executions.append(Execution(order.order_id, qty, price, liquidity_of(order, quote), triggered))
    return Matched(
        tuple(executions),
        tuple(sorted(elected)),
        Displayed(bid_size=rest[Side.SELL], ask_size=rest[Side.BUY]),
        unfilled(working, filled, trading),
    )


def unfilled(
    orders: Sequence[Order], filled: Mapping[str, Decimal], trading: Trading, *, stale: bool = False
) -> tuple[str, ...]:
    """Those that `filled` leaves something of, and that have no other turn. The opening waits for a fresh quote."""
    waits = {TimeInForce.OPG} if stale and trading is Trading.OPENING else set[TimeInForce]()
    return tuple(
        sorted(
            order.order_id
            for order in orders
            if order.time_in_force in (IMMEDIATE | AUCTIONS) - waits
            and filled.get(order.order_id, ZERO) < order.leaves_qty
        )
    )


def takes_part(order: Order, trading: Trading) -> bool:
    """Nobody while it is shut, in extended hours the limits that asked for them, and orders for the close when
    everybody else is done."""
    if trading is Trading.EXTENDED:
        return order.extended_hours and order.order_type is OrderType.LIMIT
    return trading is not Trading.SHUT and (order.time_in_force is TimeInForce.CLS) == (trading is Trading.CLOSING)


def is_late(order: Order, trading: Trading) -> bool:
    """An order for the open that the opening is over for."""
    return order.time_in_force is TimeInForce.OPG and trading is not Trading.OPENING


def is_over(order: Order, now: datetime) -> bool:
    """It was good till a moment that is past."""
    return order.expires_at is not None and order.expires_at <= now


def is_elected(order: Order, quote: Quote) -> bool:
    """A stop that waited until now takes part in the market from this quote on."""
    stop = order.stop_at
    if order.triggered or stop is None:
        return False
    return quote.ask >= stop if order.side is Side.BUY else quote.bid <= stop


def can_trade(order: Order, quote: Quote, elected: bool) -> bool:
    """A stop only once it is elected; what has a limit only at that price or better."""
    if order.order_type in STOPS and not (order.triggered or elected):
        return False
    if order.order_type not in LIMITS:
        return True
    if order.limit is None:
        return False
    return quote.ask <= order.limit if order.side is Side.BUY else quote.bid >= order.limit


def priority(order: Order) -> tuple[Decimal, datetime, str]:
    """Orders that take any price first, then the better limit, then the earlier, then the id."""
    if order.limit is None:
        return Decimal("-Infinity"), order.placed_at, order.order_id
    better_first = -order.limit if order.side is Side.BUY else order.limit
    return better_first, order.placed_at, order.order_id


def liquidity_of(order: Order, quote: Quote) -> Liquidity:
    """A limit that stood before the quote came was there to be hit; everything else takes."""
    stood = order.triggered if order.order_type is OrderType.STOP_LIMIT else order.placed_at < quote.received_at
    rested = order.cum_qty > ZERO or stood
    return "maker" if order.order_type in LIMITS and rested else "taker"
