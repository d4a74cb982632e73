"""One triggers the other: a second order is held until the first is filled whole, then it begins, or is rejected.

All of it happens in the transaction of the fill: a desk that dies leaves nothing to be found again.
"""

from __future__ import annotations

from datetime import datetime

from apps import telemetry
from apps.desk.order import Effect, OrderStatus, OrderType, Side, TimeInForce
from apps.desk.risk import Denied
from apps.market.models import Instrument

from .models import LONGEST_REASON, Order
from .news import ring_desk, tell
from .queries import session_for
from .review import check_ever, review
from .states import add_exits, hold, move, waiting_for
from .taking import terms_of
from .ticket import Change, Ticket, Undone


def add_then(order: Order, then: Ticket, now: datetime) -> Order:
    """It holds nothing back; what it would do to a position is found when it begins, and its exits come with that."""
    return Order.objects.create(
        account=order.account,
        instrument=Instrument.objects.get(symbol=then.symbol),
        client_order_id=f"{order.pk}:then",
        after=order,
        status=OrderStatus.HELD.value,
        created_at=now,
        updated_at=now,
        **terms_of(then),
    )


def begin_then(order: Order, now: datetime) -> None:
    """`order` is filled: what waited for that meets every rule as an order sent now would."""
    then = waiting_for(order)
    if then is None:
        return
    then.account.refresh_from_db(fields=["cash", "reserved"])  # the fill was booked on another copy
    told = review(then.account, ticket_of(then), now)
    verdict = told.verdict if then.instrument.tradable else not_tradable(then)
    if isinstance(verdict, Denied):
        telemetry.denied(verdict.rule)
        then.reason = verdict.message[:LONGEST_REASON]
        move(then, OrderStatus.REJECTED, now)
        tell(then, "rejected", denied=verdict)
        return
    then.effect, then.watermark, then.queued_at = told.effect.value, told.watermark, now
    then.session_date = session_for(then.instrument, now, extended_hours=then.extended_hours)
    then.save(update_fields=["effect", "watermark", "queued_at", "session_date"])
    hold(then, verdict.reserve, now)
    move(then, OrderStatus.NEW, now)
    if then.has_exits:
        add_exits(then, now)
    tell(then, "accepted")
    ring_desk(then)


def change_then(order: Order, change: Change, now: datetime) -> Order:
    """Another quantity or price for what waits: it is asked again only whether it could be at any time, and goes on
    waiting. Raises Undone where it could not."""
    order.quantity, order.limit_price, order.stop_price = change.quantity, change.limit_price, change.stop_price
    ticket = ticket_of(order)
    if denied := check_ever(ticket, now):
        raise Undone(ticket, denied)
    order.updated_at = max(now, order.updated_at)
    order.save(update_fields=["quantity", "limit_price", "stop_price", "updated_at"])
    tell(order, "replaced")
    return order


def not_tradable(order: Order) -> Denied:
    """What the ticket of an order sent now would be refused with."""
    return Denied("symbol", "not_tradable", f"{order.instrument.symbol} cannot be traded at present")


def ticket_of(order: Order) -> Ticket:
    """A held order as it was asked for, under its own id: it was counted among the orders of a minute when it came."""
    return Ticket(
        order.instrument.symbol,
        Side(order.side),
        OrderType(order.order_type),
        order.quantity,
        order.client_order_id,
        order.limit_price,
        order.stop_price,
        TimeInForce(order.time_in_force),
        trail_amount=order.trail_amount,
        trail_percent=order.trail_percent,
        expires_at=order.expires_at,
        take_profit=order.take_profit,
        stop_loss=order.stop_loss,
        replaces=str(order.pk),
        effect=Effect(order.effect) if order.effect else None,
        extended_hours=order.extended_hours,
    )
