"""What becomes of an order under lock: its status, what it holds back, its exits, what waits for it, and who hears."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from apps import telemetry
from apps.desk.money import ZERO, cents
from apps.desk.order import CLOSED, OPEN, WORKING, Effect, OrderStatus, OrderType, Side, TimeInForce, check_transition
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account

from .models import Order, desk_order
from .news import tell

KILLED = {
    TimeInForce.DAY: "The session it was good for is over",
    TimeInForce.IOC: "What could not be filled at once is cancelled",
    TimeInForce.FOK: "It could not be filled whole at once",
    TimeInForce.OPG: "What the opening did not fill is cancelled",
    TimeInForce.CLS: "What the close did not fill is cancelled",
}
"""Why an order ends that has no other turn."""


def lock_order(account: Account, order_id: uuid.UUID) -> Order:
    rows = Order.objects.select_for_update(of=("self",)).select_related("instrument", "then")
    order = rows.get(pk=order_id, account=account)
    order.account = account
    return order


def move(order: Order, status: OrderStatus, now: datetime) -> None:
    """The only place where a status changes."""
    check_transition(OrderStatus(order.status), status)
    order.status = status.value
    order.updated_at = max(now, order.updated_at)  # who waited for the lock looked at the clock before
    order.save(update_fields=["status", "cum_qty", "avg_px", "reserved", "reason", "updated_at"])
    if status in CLOSED:
        telemetry.after_commit(telemetry.orders_ended.labels(status.value))


def close(order: Order, status: OrderStatus, now: datetime, reason: str = "") -> None:
    """Ends an open order and gives back what it holds, an exit to the other one; what still waits for it ends too."""
    check_transition(OrderStatus(order.status), status)
    held = order.reserved
    release(order, now)
    order.reason = reason
    move(order, status, now)
    tell(order, status.value)
    if order.is_linked and held:
        for other in linked_with(order):
            hold(other, held, now)
            other.save(update_fields=["reserved"])
    if order.has_exits:
        for waiting in exits_of(order, OrderStatus.HELD):
            close(waiting, OrderStatus.CANCELED, now, "The order that it is an exit of has ended")
    if then := waiting_for(order):
        close(then, OrderStatus.CANCELED, now, "The order that it waits for has ended")


def waiting_for(order: Order) -> Order | None:
    """The order that is held until this one is filled."""
    found = order.follower
    then = lock_order(order.account, found.pk) if found else None
    return then if then and then.status == OrderStatus.HELD else None


def hold(order: Order, amount: Decimal, now: datetime, *, as_locked: bool = False) -> None:
    """Holds back `amount` for the order: USD for one that opens, shares for one that closes.

    `as_locked`: its account is as this transaction has locked and read it, and is not read again.
    """
    if order.opens and as_locked:
        portfolio.hold_in_locked(order.account, amount, now)
    elif order.opens:
        portfolio.hold_cash(order.account, amount, now)
    else:
        portfolio.hold_shares(order.account, order.instrument, amount)
    order.reserved = amount


def release(order: Order, now: datetime) -> None:
    if order.reserved and order.opens:
        portfolio.release_cash(order.account, order.reserved, now)
    elif order.reserved:
        portfolio.release_shares(order.account, order.instrument, order.reserved)
    order.reserved = ZERO


def keep_back(order: Order, held: Decimal, leaves: Decimal) -> Decimal:
    """What the rest of an order goes on holding: its share of what was held, if that is left."""
    rest = desk_order(order).leaves_qty
    if not order.opens:
        return rest
    account, share = Account.objects.get(pk=order.account_id), cents(held * rest / leaves)
    return share if account.on_margin else min(share, account.cash - account.reserved)


# Exits: a take profit and a stop loss for what their parent opens. Both stand on the same shares, which one of them
# holds back; the first that trades ends what is left of the parent, and takes its part from the other.


def add_exits(order: Order, now: datetime) -> None:
    """They wait until the order fills."""
    prices = {
        "take-profit": (OrderType.LIMIT, order.take_profit, None),
        "stop-loss": (OrderType.STOP, None, order.stop_loss),
    }
    for name, (order_type, limit_price, stop_price) in prices.items():
        if limit_price is None and stop_price is None:
            continue
        Order.objects.create(
            account=order.account,
            instrument=order.instrument,
            client_order_id=f"{order.pk}:{name}",
            side=(Side.SELL if order.side == Side.BUY else Side.BUY).value,
            effect=Effect.CLOSE.value,
            order_type=order_type.value,
            time_in_force=TimeInForce.GTC.value,
            quantity=order.quantity,
            limit_price=limit_price,
            stop_price=stop_price,
            parent=order,
            status=OrderStatus.HELD.value,
            session_date=order.session_date,
            created_at=now,
            updated_at=now,
        )


def add_stop(order: Order, stop_price: Decimal, now: datetime) -> Order:
    """The other of two exits that cancel each other; it stands on the shares that `order` holds back."""
    order.oco = order.pk
    order.save(update_fields=["oco"])
    return Order.objects.create(
        account=order.account,
        instrument=order.instrument,
        client_order_id=f"{order.pk}:oco",
        side=order.side,
        effect=order.effect,
        order_type=OrderType.STOP.value,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        stop_price=stop_price,
        oco=order.pk,
        expires_at=order.expires_at,
        status=OrderStatus.NEW.value,
        session_date=order.session_date,
        created_at=now,
        updated_at=now,
    )


def exits_of(order: Order, *statuses: OrderStatus) -> list[Order]:
    rows = order.exits.filter(status__in=statuses or OPEN).order_by("created_at", "client_order_id")
    return [lock_order(order.account, pk) for pk in list(rows.values_list("pk", flat=True))]


def linked_with(order: Order) -> list[Order]:
    """Those that are open and stand on the same shares: of the same parent, or of the same OCO."""
    rows = Order.objects.filter(status__in=OPEN).exclude(pk=order.pk)
    rows = rows.filter(parent_id=order.parent_id) if order.parent_id else rows.filter(oco=order.oco)
    return [lock_order(order.account, pk) for pk in list(rows.values_list("pk", flat=True))]


def follow_entry(order: Order, now: datetime) -> None:
    """The exits are good for as much as the order has filled. They take their place in the queue when they begin to
    work: as they came with it, they would share the order's, and ids would decide which of them trades first."""
    exits = exits_of(order)
    for each in exits:
        release(each, now)
    for each in exits:
        each.quantity = order.cum_qty
        if each is exits[0]:
            hold(each, order.cum_qty, now)
        if each.status == OrderStatus.HELD:
            each.queued_at = now
        each.save(update_fields=["quantity", "reserved", "queued_at"])
        if each.status == OrderStatus.HELD:
            move(each, OrderStatus.NEW, now)
        tell(each, "accepted", toast=False)


def take_hold(order: Order, now: datetime) -> None:
    """The one of two that is about to trade, or to change, holds the shares back from now on."""
    for other in linked_with(order):
        amount = other.reserved
        if amount:
            release(other, now)
            other.save(update_fields=["reserved"])
            hold(order, amount, now)
            order.save(update_fields=["reserved"])


def follow_linked(order: Order, qty: Decimal, now: datetime) -> None:
    """`qty` of it has traded: a parent buys no more, and as much less is left for the other one."""
    parent = lock_order(order.account, order.parent_id) if order.parent_id else None
    if parent is not None and parent.status in WORKING:
        close(parent, OrderStatus.CANCELED, now, "An exit of it has traded")
    for other in linked_with(order):
        if order.status == OrderStatus.FILLED:
            close(
                other,
                OrderStatus.CANCELED,
                now,
                "The other exit was filled" if parent else "The other of the two was filled",
            )
        else:
            other.quantity -= qty
            other.save(update_fields=["quantity"])
            tell(other, "replaced", toast=False)
