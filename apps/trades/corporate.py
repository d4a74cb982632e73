"""Corporate actions whose day has come: orders for the old shares end, then every account has its due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from apps import telemetry
from apps.desk.order import OPEN, OrderStatus
from apps.desk.position import Split
from apps.market import services as market
from apps.market.queries import market_state, session_date_of
from apps.portfolio import corporate as due
from apps.portfolio.models import Account, CorporateAction, Journal, Position

from .models import Order
from .states import close, lock_order
from .watchers import split_hooks

Kind = CorporateAction.Kind


def apply_due(now: datetime) -> list[Split]:
    """Applies what is due; says which splits were. One that stopped half way goes on: no account has its due twice."""
    state, done = market_state(), list[Split]()
    waiting = CorporateAction.objects.filter(applied_at=None, refused="").select_related("instrument").order_by("pk")
    for action in waiting:
        session = session_date_of(action.instrument, state)
        if session is None or session < action.ex_date:
            continue
        if words := obstacle(action, session):
            CorporateAction.objects.filter(pk=action.pk).update(refused=words)
            telemetry.faults.labels("corporate action").inc()
            continue
        if action.kind == Kind.SPLIT:
            split_all(action, now)
            done.append(due.split_of(action))
        else:
            pay_all(action, now)
    return done


def obstacle(action: CorporateAction, session: date) -> str:
    """Why it can not be applied any more; nothing is half done then."""
    if action.kind == Kind.DIVIDEND:
        return "" if due.held_at(action) else "Nobody held it when the ex-date began"
    if Journal.objects.filter(corporate_action=action).exists():
        return ""
    traded = Journal.objects.filter(instrument=action.instrument, kind__in=("buy", "sell"))
    if session > action.ex_date or traded.filter(session_date__gte=action.ex_date).exists():
        return f"{action.instrument.symbol} was traded since the ex-date began: in old shares or in new ones"
    return ""


def split_all(action: CorporateAction, now: datetime) -> None:
    """Each account in a transaction of its own, its orders first; the closes that days count from with the last."""
    for account_id in accounts_in(action):
        with transaction.atomic():
            end_orders(account_id, action, now)
            due.book_split(account_id, action, now)
    with transaction.atomic():
        split = due.split_of(action)
        market.split_closes(split)
        for hook in split_hooks:
            hook(split, now)
        CorporateAction.objects.filter(pk=action.pk).update(applied_at=now)


def pay_all(action: CorporateAction, now: datetime) -> None:
    for account_id, quantity in due.held_at(action).items():
        due.book_dividend(account_id, action, quantity, now)
    CorporateAction.objects.filter(pk=action.pk).update(applied_at=now)


def accounts_in(action: CorporateAction) -> Iterable[int]:
    """Those that hold or owe shares, or have orders for them."""
    holds = Position.objects.filter(instrument=action.instrument).exclude(quantity=0)
    orders = Order.objects.filter(instrument=action.instrument, status__in=OPEN)
    return sorted({*holds.values_list("account", flat=True), *orders.values_list("account", flat=True)})


def end_orders(account_id: int, action: CorporateAction, now: datetime) -> None:
    """They were for the old shares, at prices of those."""
    account, split = Account.objects.select_for_update().get(pk=account_id), due.split_of(action)
    found = Order.objects.filter(account=account, instrument=action.instrument, status__in=OPEN)
    for pk in list(found.order_by("created_at", "pk").values_list("pk", flat=True)):
        order = lock_order(account, pk)
        if order.is_open:
            words = f"{split.symbol} was split {split.new} for {split.old}: place it again for the new shares"
            close(order, OrderStatus.CANCELED, now, words)
