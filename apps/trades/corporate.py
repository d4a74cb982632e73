"""Corporate actions whose day has come: orders for the old shares end, then every account has its due."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from apps import telemetry
from apps.desk.currency import BASE, ONE
from apps.desk.instrument import Renamed
from apps.desk.order import OPEN
from apps.desk.position import Split
from apps.market import services as market
from apps.market.queries import is_known, market_state, session_date_of
from apps.market.quotes import board
from apps.market.rates import rate_now
from apps.portfolio import corporate as due
from apps.portfolio.closed import FILLS
from apps.portfolio.models import Account, CorporateAction, Journal, Position
from apps.risk import services as risk

from .models import Order
from .services import cancel_all
from .watchers import split_hooks

Kind = CorporateAction.Kind


def apply_next(now: datetime, venue_at: datetime) -> Split | Renamed | None:
    """Applies what is due up to the next split or change of a symbol, and says which that was; None when all is done.
    One that stopped half way goes on: no account has its due twice. Prices of before `venue_at`, the time at the
    venue, are of the old shares."""
    state = market_state()
    waiting = CorporateAction.objects.filter(applied_at=None, refused="").select_related("instrument").order_by("pk")
    for action in waiting:
        session = session_date_of(action.instrument, state)
        if session is None or session < action.ex_date:
            continue
        if words := obstacle(action, session):
            CorporateAction.objects.filter(pk=action.pk).update(refused=words)
            telemetry.faults.labels("corporate action").inc()
        elif (rate := rate_for(action, now)) is None:
            continue
        elif action.kind == Kind.SPLIT:
            split_all(action, now, venue_at, rate)
            return due.split_of(action)
        elif action.kind == Kind.SYMBOL:
            return rename_all(action, now)
        else:
            pay_all(action, now, rate)
    return None


def rate_for(action: CorporateAction, now: datetime) -> Decimal | None:
    """What a unit of what it pays in is worth (USD): to all as it was to the first of them. None while that is not
    known, or old."""
    currency = due.paid_in(action)
    if currency == BASE or not due.pays(action):
        return ONE
    booked: Decimal | None = action.journals.exclude(rate=None).values_list("rate", flat=True).first()
    rate = rate_now(currency)
    is_fresh = rate.pair is not None and not board.is_stale(rate.pair, now)
    return booked or (rate.usd if is_fresh else None)


def obstacle(action: CorporateAction, session: date) -> str:
    """Why it can not be applied any more; nothing is half done then."""
    if action.kind == Kind.DIVIDEND:
        return "" if due.held_at(action) else "Nobody held it when the ex-date began"
    if action.kind == Kind.SYMBOL:
        return f"{action.new_symbol} is, or was, the symbol of something else" if is_known(action.new_symbol) else ""
    if Journal.objects.filter(corporate_action=action).exists():
        return ""
    traded = Journal.objects.filter(instrument=action.instrument, kind__in=FILLS)
    if session > action.ex_date or traded.filter(session_date__gte=action.ex_date).exists():
        return f"{action.instrument.symbol} was traded since the ex-date began: in old shares or in new ones"
    return ""


def split_all(action: CorporateAction, now: datetime, venue_at: datetime, rate: Decimal) -> None:
    """Each account in a transaction of its own, its orders first; the closes that days count from with the last."""
    split = due.split_of(action)
    words = f"{split.symbol} was split {split.new} for {split.old}: place it again for the new shares"
    for account in accounts_in(action):
        with transaction.atomic():
            cancel_all(account, action.instrument.symbol, now, reason=words)
            due.book_split(account.pk, action, now, rate)
    with transaction.atomic():
        market.split_prices(split, venue_at, now)
        for hook in split_hooks:
            hook(split, now)
        CorporateAction.objects.filter(pk=action.pk).update(applied_at=now)


@transaction.atomic
def rename_all(action: CorporateAction, now: datetime) -> Renamed:
    """All of it at once: nobody ever sees half of it. Working orders go on."""
    concerned = accounts_in(action)
    renamed = market.rename(action.instrument, action.new_symbol, action.ex_date)
    risk.rename_symbol(renamed)
    for account in concerned:
        due.book_symbol(account.pk, action, renamed, now)
    CorporateAction.objects.filter(pk=action.pk).update(applied_at=now, old_symbol=renamed.old)
    return renamed


def pay_all(action: CorporateAction, now: datetime, rate: Decimal) -> None:
    for account_id, quantity in due.held_at(action).items():
        due.book_dividend(account_id, action, quantity, now, rate)
    CorporateAction.objects.filter(pk=action.pk).update(applied_at=now)


def accounts_in(action: CorporateAction) -> list[Account]:
    """Those that hold or owe shares, or have orders for them."""
    holds = Position.objects.filter(instrument=action.instrument).exclude(quantity=0)
    orders = Order.objects.filter(instrument=action.instrument, status__in=OPEN)
    concerned = {*holds.values_list("account", flat=True), *orders.values_list("account", flat=True)}
    return list(Account.objects.filter(pk__in=concerned).order_by("pk"))
