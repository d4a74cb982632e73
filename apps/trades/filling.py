"""Every write of fills, each in one transaction: account locked first, then order."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from apps import telemetry
from apps.desk.calendar import Trading, trading_at
from apps.desk.currency import BASE, ONE
from apps.desk.fill import Fill as DeskFill
from apps.desk.matching import Displayed, Execution, match
from apps.desk.money import ZERO, average_price, cents
from apps.desk.order import OrderStatus, Side, TimeInForce
from apps.desk.quote import Quote
from apps.desk.risk import affordable
from apps.market.hours import calendar_named
from apps.market.models import Instrument
from apps.market.rates import rate_now
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account
from apps.telemetry.logs import bound

from .following import begin_then
from .models import Fill, Order, desk_order
from .news import tell
from .queries import NO_COMMISSION, commission, plain, policy, spent_by, working_among, working_orders
from .states import KILLED, close, follow_entry, follow_linked, hold, keep_back, lock_order, move, release, take_hold


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """What is left of the quote's displayed sizes; which orders moved, and which a fault kept from moving."""

    left: Displayed
    moved: tuple[str, ...] = ()
    failed: Mapping[str, Exception] = field(default_factory=dict)


def match_symbol(
    symbol: str,
    quote: Quote,
    displayed: Displayed | None,
    now: datetime,
    among: Mapping[str, Decimal | None] | None = None,
    trading: Trading | None = None,
) -> MatchOutcome:
    """Fills what the quote fills, by price and time. `among` names the orders to look at, with the best price that a
    trailing stop has seen; without it all of the symbol are. `trading` is what the instrument's calendar says, unless
    it is given.

    Each order has its own transaction: none waits for another's lock, and a fault in one spares the rest.
    """
    left = displayed or Displayed(quote.bid_size, quote.ask_size)
    instrument = Instrument.objects.get(symbol=symbol)
    turn = trading or trading_at(calendar_named(instrument.calendar), now, quote.received_at)
    seen = among or {}
    found = working_orders(symbol) if among is None else working_among(among)
    orders = [order.having_seen(seen.get(order.order_id)) for order in found]
    matched = match(
        orders,
        rate_now(instrument.currency).dated(quote),
        now,
        stale_ms=settings.QUOTE_STALE_MS,
        displayed=left,
        lot_size=instrument.lot_size,
        trading=turn,
        policy=policy(),
    )
    moved: list[str] = []
    failed: dict[str, Exception] = {}
    traded = [each.order_id for each in matched.executions]
    for order_id in dict.fromkeys([*traded, *matched.triggered, *matched.killed]):
        try:
            with bound(order=order_id):
                left = match_order(uuid.UUID(order_id), quote, left, now, turn, seen.get(order_id))
            moved.append(order_id)
        except Exception as error:
            telemetry.faults.labels("match").inc()
            failed[order_id] = error
    return MatchOutcome(left, tuple(moved), failed)


@transaction.atomic
def match_order(
    order_id: uuid.UUID,
    quote: Quote,
    displayed: Displayed,
    now: datetime,
    trading: Trading = Trading.CONTINUOUS,
    watermark: Decimal | None = None,
) -> Displayed:
    """Matches one order as it stands under lock; says what is left of the displayed sizes."""
    account = Account.objects.select_for_update().get(orders=order_id)
    with bound(account=account.pk):
        return match_locked(lock_order(account, order_id), account, quote, displayed, now, trading, watermark)


def match_locked(
    order: Order,
    account: Account,
    quote: Quote,
    displayed: Displayed,
    now: datetime,
    trading: Trading,
    watermark: Decimal | None,
) -> Displayed:
    seen = desk_order(order).having_seen(watermark).seeing(policy().signal(quote))
    rate = rate_now(order.instrument.currency)
    matched = match(
        [seen],
        rate.dated(quote),
        now,
        stale_ms=settings.QUOTE_STALE_MS,
        displayed=displayed,
        lot_size=order.instrument.lot_size,
        trading=trading,
        policy=policy(),
    )
    if matched.triggered:
        order.triggered_at, order.watermark = now, seen.watermark
        order.save(update_fields=["triggered_at", "watermark"])
    left = displayed
    for execution in matched.executions:
        taken = record(order, account, execution, quote, now, rate.usd or ZERO)
        if order.side == Side.BUY:
            left = Displayed(displayed.bid_size, displayed.ask_size - taken)
        else:
            left = Displayed(displayed.bid_size - taken, displayed.ask_size)
    if matched.killed and order.is_working:
        close(order, OrderStatus.CANCELED, now, KILLED[TimeInForce(order.time_in_force)])
    if matched.executions and order.status == OrderStatus.FILLED:
        begin_then(order, now)
    return left


def record(
    order: Order, account: Account, execution: Execution, quote: Quote, now: datetime, rate: Decimal = ONE
) -> Decimal:
    """Books as much of an execution as the account can pay at `rate` and cancels the rest; returns what was taken.

    On margin what was accepted is filled: where the price has run on, more is borrowed.
    """
    if order.is_linked:
        take_hold(order, now)
    held, leaves = order.reserved, desk_order(order).leaves_qty
    price = execution.price * rate
    within = within_amount(order, execution, price)
    qty = within
    if order.opens and not account.on_margin:
        free = account.cash - account.reserved + held
        qty = affordable(within, price, commission(), free, order.instrument.lot_size)
    if qty < execution.qty and order.time_in_force == TimeInForce.FOK:
        qty = ZERO
    release(order, now)
    if qty:
        book(order, execution, qty, quote, now, rate)
    if qty and order.has_exits:
        follow_entry(order, now)
    if qty < execution.qty:
        close(order, OrderStatus.CANCELED, now, too_dear(order, (execution.qty - qty) * price, qty == within))
    elif qty < leaves:
        hold(order, keep_back(order, held, leaves), now)
        order.save(update_fields=["reserved"])
    if qty and order.is_linked:
        follow_linked(order, qty, now)
    return qty


def within_amount(order: Order, execution: Execution, price: Decimal) -> Decimal:
    """As much of an execution at `price` (USD) as the amount pays that the buy was asked for by; its fee comes on
    top."""
    if order.notional is None or order.side != Side.BUY:
        return execution.qty
    return affordable(execution.qty, price, NO_COMMISSION, order.notional - spent_by(order), order.instrument.lot_size)


def too_dear(order: Order, needed: Decimal, all_within: bool) -> str:
    """Why no more of it was taken, which would have needed so much (USD)."""
    if all_within and order.notional is not None:
        return f"The rest would cost more than the {order.notional:,.2f} USD asked for"
    return f"The rest needs {cents(needed):,.2f} USD and its fee, more than is available"


def book(order: Order, execution: Execution, qty: Decimal, quote: Quote, now: datetime, rate: Decimal) -> None:
    """Writes the fill, books it in the portfolio, moves the order and tells its owner."""
    notional = (order.avg_px or ZERO) * order.cum_qty + qty * execution.price
    after = order.cum_qty + qty
    fill = DeskFill(
        exec_id=f"{order.pk}:{plain(after)}",  # the execution that brought it to this quantity: only one can
        order_id=str(order.pk),
        symbol=order.instrument.symbol,
        side=Side(order.side),
        last_qty=qty,
        last_px=execution.price,
        commission=commission().of(qty, execution.price * rate),
        liquidity=execution.liquidity,
        at=now,
        currency=order.instrument.currency,
        rate=rate,
    )
    Fill.objects.create(
        order=order,
        exec_id=fill.exec_id,
        last_qty=qty,
        last_px=fill.last_px,
        rate=None if fill.currency == BASE else rate,
        commission=fill.commission,
        liquidity=fill.liquidity,
        policy=policy().name,
        seed=policy().seed if policy().slippage_bps else None,
        bid=quote.bid,
        ask=quote.ask,
        last=quote.last,
        bid_size=quote.bid_size,
        ask_size=quote.ask_size,
        quote_age_ms=quote.age_ms(now),
        at=now,
    )
    portfolio.book_fill(order.account_id, fill)
    order.cum_qty, order.avg_px = after, average_price(notional / after)
    move(order, OrderStatus.FILLED if after == order.quantity else OrderStatus.PARTIALLY_FILLED, now)
    tell(order, order.status, fill)
    telemetry.after_commit(telemetry.fills_booked)
