"""What the limits on an account's orders are held against; only what a limit that is set asks for is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import F, Q, QuerySet, Sum

from apps.desk.limits import Exposure, Limits
from apps.desk.margin import INITIAL
from apps.desk.money import ZERO
from apps.desk.order import WORKING, Effect, Side
from apps.desk.order import Order as DeskOrder
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import best_pnl, portfolio_value

from .held import Held
from .models import Order

MINUTE = timedelta(minutes=1)
SENT = Q(parent=None) & (Q(oco=None) | Q(oco=F("pk")))
"""What was sent as an order of its own: no exit, which came as a price with one."""


def exposure_of(own: Held, order: DeskOrder, limits: Limits, now: datetime) -> Exposure:
    """True until the transaction ends, if the caller holds the account's lock.

    An order with an id is to be changed: it is no new one of the minute, and what it bought for is not counted twice.
    """
    account = own.account
    recent, held, opening, worth = 0, ZERO, ZERO, Worth()
    if limits.orders_per_minute is not None and not order.order_id:
        recent = Order.objects.filter(SENT, account=account, created_at__gt=now - MINUTE).count()
    if order.opens and limits.bounds_position:
        held, _ = own.of(order.symbol)
        opening = working_to_open(account, order)
    if order.opens and limits.bounds_worth:
        worth = worth_of(own, now)
    return Exposure(recent, held, opening, *worth)


OPENING = Q(effect=Effect.OPEN) | Q(effect="", side=Side.BUY)


def opening_orders(account: Account, order: DeskOrder) -> QuerySet[Order]:
    """The account's working orders that open a position of the symbol, but for the order itself."""
    rows = Order.objects.filter(OPENING, account=account, instrument__symbol=order.symbol, status__in=WORKING)
    return rows.exclude(pk=order.order_id) if order.order_id else rows


def opening_side(account: Account, order: DeskOrder) -> Side | None:
    """Which way they would open it: all the same way."""
    side = opening_orders(account, order).values_list("side", flat=True).first()
    return None if side is None else Side(side)


def working_to_open(account: Account, order: DeskOrder) -> Decimal:
    """Shares that they may still bring."""
    rows = opening_orders(account, order)
    sums: dict[str, Decimal | None] = rows.aggregate(asked=Sum("quantity"), filled=Sum("cum_qty"))
    return (sums["asked"] or ZERO) - (sums["filled"] or ZERO)


class Worth(NamedTuple):
    """USD; None while a price is missing."""

    equity: Decimal | None = None
    day_pnl: Decimal | None = None
    invested: Decimal | None = None
    drawdown: Decimal | None = None


def worth_of(own: Held, now: datetime) -> Worth:
    """Equity and P&L as the account's pages show them."""
    account, view = own.account, portfolio_value(own.holdings, board, now)
    return Worth(
        view.equity if view.is_priced else None,
        view.day_pnl,
        view.gross_value + may_open(account) if view.is_priced else None,
        None if view.total_pnl is None else best_pnl(account) - view.total_pnl,
    )


def may_open(account: Account) -> Decimal:
    """What working orders may open (USD), as far as they hold back for it."""
    held_back: Decimal = account.reserved
    return held_back / INITIAL if account.on_margin else held_back
