"""Every write to orders, each in one transaction: account locked first, then order. Fills are in filling.py."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, F

from apps import telemetry
from apps.desk.calendar import AROUND_THE_CLOCK, Calendar
from apps.desk.order import (
    AUCTIONS,
    IMMEDIATE,
    OF_A_SESSION,
    OPEN,
    WORKING,
    Effect,
    IllegalTransition,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from apps.desk.risk import Denied
from apps.live.prepared import Given, PreparedInsert, PreparedRead
from apps.market.models import Instrument
from apps.market.queries import market_state
from apps.portfolio.models import Account
from apps.portfolio.queries import holding
from apps.telemetry.logs import bound

from .following import add_then, change_then
from .models import Order, desk_order
from .naming import for_account, to_order
from .news import ring_desk, tell, tell_denied
from .queries import session_for
from .review import review
from .standing import placed_before, standing_of
from .states import KILLED, add_exits, add_stop, close, hold, lock_order, release, take_hold
from .taking import order_of
from .ticket import Change, Placed, Refused, Ticket, Undone, refused_by

NO_ACCOUNT = {"account": "You have no account yet; an admin can open one"}
ACCOUNT_OF = PreparedRead(lambda: Account.objects.select_for_update().filter(user=Given("user", BigIntegerField())))
NEW_ORDER = PreparedInsert(Order)


@transaction.atomic
def place_order_of(user: Any, ticket: Ticket, now: datetime) -> Placed | Refused:
    """Takes an order for the user's account."""
    locked = ACCOUNT_OF.first(user=user.pk)
    return place_in(locked, ticket, now) if locked else Refused(NO_ACCOUNT)


@transaction.atomic
def place_order(account: Account | None, ticket: Ticket, now: datetime) -> Placed | Refused:
    """Takes an order."""
    if account is None:
        return Refused(NO_ACCOUNT)
    return place_in(Account.objects.select_for_update().get(pk=account.pk), ticket, now)


@for_account
def place_in(locked: Account, ticket: Ticket, now: datetime) -> Placed | Refused:
    """Takes it once: the same ticket again is answered with the same order."""
    try:
        return admit(locked, ticket, now)
    except Undone as undone:
        return denied_as(locked, undone)


def admit(locked: Account, ticket: Ticket, now: datetime, *, by_desk: bool = False) -> Placed | Refused:
    """Raises Undone where a rule refuses the order, and has written nothing then."""
    standing = standing_of(locked, ticket.client_order_id)
    if standing.is_repeat:
        return placed_before(locked, ticket)
    if not by_desk and not standing.is_active:
        return Refused({"account": "Your account is suspended; an admin can reinstate it"})
    state = market_state()
    told = review(locked, ticket, now, state, is_limited=standing.is_limited, by_desk=by_desk)
    verdict = told.verdict
    if isinstance(verdict, Denied):
        raise Undone(ticket, verdict)
    instrument = ticket.instrument or Instrument.objects.get(symbol=ticket.symbol)
    session = session_for(instrument, now, state, extended_hours=ticket.extended_hours)
    order = order_of(locked, instrument, ticket, told, session, now)
    with bound(order=str(order.pk)):
        hold(order, verdict.reserve, now, as_locked=True)
        NEW_ORDER.save(order)
        if order.has_exits:
            add_exits(order, now)
        other = add_stop(order, ticket.oco_stop, now) if ticket.oco_stop else None
        then = add_then(order, ticket.then, now) if ticket.then else None
        tell(order, "accepted", then=then)
        if other is not None:
            tell(other, "accepted")
        telemetry.after_commit(telemetry.orders_placed.labels("accepted"))
        ring_desk(order, *([other] if other else []))
        return Placed(order, created=True, then=then)


@to_order
@transaction.atomic
def cancel_order(account: Account, order_id: uuid.UUID, now: datetime) -> Order:
    """Raises Order.DoesNotExist for another's order, IllegalTransition for one that is closed."""
    locked = Account.objects.select_for_update().get(pk=account.pk)
    order = lock_order(locked, order_id)
    close(order, OrderStatus.CANCELED, now)
    return order


@to_order
def replace_order(account: Account, order_id: uuid.UUID, change: Change, now: datetime) -> Order | Refused:
    """Gives a working order, or a second one that waits, another quantity or price; a better place in the queue it
    does not keep.

    Raises Order.DoesNotExist for another's order, IllegalTransition for one that is closed.
    """
    try:
        return change_order(account, order_id, change, now)
    except Undone as undone:
        return keep_denied(account, undone)


@transaction.atomic
def change_order(account: Account, order_id: uuid.UUID, change: Change, now: datetime) -> Order | Refused:
    """Raises Undone where a rule refuses what the order would be."""
    locked = Account.objects.select_for_update().get(pk=account.pk)
    order = lock_order(locked, order_id)
    if not (order.is_working or order.awaits_first):
        raise IllegalTransition(f"an order that is {order.status} cannot be changed")
    if errors := change.errors(order):
        return Refused(errors)
    if change.is_none(order):
        return order
    if order.awaits_first:
        return change_then(order, change, now)
    if order.is_linked:
        take_hold(order, now)
    release(order, now)
    ticket = change.ticket(order)
    verdict = review(locked, ticket, now).verdict
    if isinstance(verdict, Denied):
        raise Undone(ticket, verdict)
    if not change.only_less(order):
        order.queued_at = now
    if change.quantity != order.quantity:
        order.notional = None  # from now on it is of so many shares
    order.quantity, order.limit_price, order.stop_price = change.quantity, change.limit_price, change.stop_price
    hold(order, verdict.reserve, now)
    if order.has_exits:
        order.exits.filter(status=OrderStatus.HELD).update(quantity=order.quantity)
    order.updated_at = max(now, order.updated_at)
    order.save(
        update_fields=["quantity", "notional", "limit_price", "stop_price", "queued_at", "reserved", "updated_at"],
    )
    tell(order, "replaced")
    ring_desk(order)
    return order


@for_account
@transaction.atomic
def cancel_all(
    account: Account, symbol: str, now: datetime, side: Side | None = None, reason: str = ""
) -> list[Order]:
    """Cancels every open order of the account, or those of one symbol or side; all of them or none."""
    locked = Account.objects.select_for_update().get(pk=account.pk)
    first = F("after_id").asc(nulls_first=True)  # it takes its second along
    found = Order.objects.filter(account=locked, status__in=OPEN).order_by("created_at", first, "pk")
    if symbol:
        found = found.filter(instrument__symbol=symbol)
    if side:
        found = found.filter(side=side.value)
    ended = []
    for pk in list(found.values_list("pk", flat=True)):
        with bound(order=str(pk)):
            order = lock_order(locked, pk)  # only now: an order that ended before it may have changed or ended it
            if order.is_open:
                close(order, OrderStatus.CANCELED, now, reason)
        ended.append(order)
    return ended


@transaction.atomic
def cancel_orders_of(user: Any, now: datetime) -> str:
    """What of a user's trading ends with a suspension: every open order, in the same transaction. Says how many."""
    account = Account.objects.filter(user=user).first()
    count = len(cancel_all(account, "", now, reason="An admin has suspended this account")) if account else 0
    return f"{count} order{'' if count == 1 else 's'} cancelled"


@for_account
def close_position(
    account: Account, symbol: str, client_order_id: str, now: datetime, *, by_desk: bool = False
) -> Placed | Refused:
    """Sells all that is held of the symbol at the market, or buys all that is owed; what waits to do that is
    cancelled. All of it or nothing.

    The desk's own are taken for a suspended user and past the limits on trading too: margin calls go on.
    """
    try:
        return close_all(account, symbol, client_order_id, now, by_desk)
    except Undone as undone:
        return keep_denied(account, undone)


@transaction.atomic
def keep_denied(account: Account, undone: Undone) -> Refused:
    """What was tried is gone with its transaction; that it was refused is kept in one of its own."""
    return denied_as(account, undone)


def denied_as(account: Account, undone: Undone) -> Refused:
    telemetry.denied(undone.denied.rule)
    tell_denied(account, undone.ticket, undone.denied)
    return refused_by(undone.denied)


@transaction.atomic
def close_all(account: Account, symbol: str, client_order_id: str, now: datetime, by_desk: bool) -> Placed | Refused:
    """Raises Undone where a rule refuses the order."""
    locked = Account.objects.select_for_update().get(pk=account.pk)
    rows = Order.objects.select_related("instrument", "account")
    at_market = rows.filter(instrument__symbol=symbol, effect=Effect.CLOSE, order_type=OrderType.MARKET.value)
    if earlier := at_market.filter(account=locked, client_order_id=client_order_id).first():
        return Placed(earlier, created=False)
    held, _ = holding(locked, symbol)
    if not held:
        return Refused({"symbol": f"You hold no {symbol}; there is nothing to close"})
    side = Side.SELL if held > 0 else Side.BUY
    taken = rows.filter(account=locked, client_order_id=client_order_id).exists()
    if not taken:
        cancel_all(locked, symbol, now, side)
    ticket = Ticket(symbol, side, OrderType.MARKET, abs(held), client_order_id)
    locked.refresh_from_db()
    placed = admit(locked, ticket, now, by_desk=by_desk)
    if isinstance(placed, Refused) and not taken:  # an id that is taken has undone nothing yet, and is counted
        transaction.set_rollback(True)
    return placed


@transaction.atomic
def trail(order_id: uuid.UUID, watermark: Decimal) -> None:
    """Keeps the best price that a trailing stop has seen, and shows its owner where the stop is now."""
    account = Account.objects.select_for_update().get(orders=order_id)
    order = lock_order(account, order_id)
    seen = desk_order(order).having_seen(watermark)
    if not order.is_working or seen.watermark == order.watermark:
        return
    order.watermark = seen.watermark
    order.save(update_fields=["watermark"])
    tell(order, "trailed", toast=False)


def expire_day_orders(
    session_date: date, now: datetime, calendar: Calendar = AROUND_THE_CLOCK, *, extended_hours: bool = False
) -> int:
    """Ends the orders for a session of that calendar that is over, each in its own transaction; says how many. With
    `extended_hours` those for these too, for the session's after hours are over.

    What was to trade at once and met no quote before a close does not wait for the next open.
    """
    times = OF_A_SESSION | IMMEDIATE if calendar.has_hours else OF_A_SESSION
    over = Order.objects.filter(
        status__in=WORKING,
        time_in_force__in=times,
        session_date__lte=session_date,
        instrument__calendar=calendar.name,
    )
    if calendar.has_hours:
        over = over.filter(extended_hours=extended_hours)
    named = list(over.values_list("account_id", "pk", "time_in_force"))
    return sum(expire(account_id, pk, now, KILLED[TimeInForce(tif)]) for account_id, pk, tif in named)


def expire_dated_orders(now: datetime) -> int:
    """Ends the orders whose date is over, each in its own transaction; says how many."""
    dated = Order.objects.filter(status__in=WORKING, expires_at__lte=now).values_list("account_id", "pk")
    return sum(expire(account_id, pk, now, "The date it was good till is over") for account_id, pk in list(dated))


@to_order
@transaction.atomic
def expire(account_id: int, order_id: uuid.UUID, now: datetime, reason: str) -> bool:
    order = lock_order(Account.objects.select_for_update().get(pk=account_id), order_id)
    if OrderStatus(order.status) not in WORKING:
        return False
    lasts = order.time_in_force not in IMMEDIATE | AUCTIONS
    close(order, OrderStatus.EXPIRED if lasts else OrderStatus.CANCELED, now, reason)
    return True
