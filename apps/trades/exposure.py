"""What the limits on an account's orders are held against; only what a limit that is set asks for is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from apps.desk.limits import Exposure, Limits
from apps.desk.money import ZERO
from apps.desk.order import WORKING, Side
from apps.desk.order import Order as DeskOrder
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import best_pnl, holding, holdings_of, portfolio_value

from .models import Order

MINUTE = timedelta(minutes=1)


def exposure_of(account: Account, order: DeskOrder, limits: Limits, now: datetime) -> Exposure:
    """True until the transaction ends, if the caller holds the account's lock.

    An order with an id is to be changed: it is no new one of the minute, and what it bought for is not counted twice.
    """
    recent, held, buying, worth = 0, ZERO, ZERO, Worth()
    if limits.orders_per_minute is not None and not order.order_id:
        recent = Order.objects.filter(account=account, created_at__gt=now - MINUTE).count()
    if order.side is Side.BUY and limits.bounds_position:
        held, _ = holding(account, order.symbol)
        buying = working_buys(account, order.symbol, order.order_id)
    if order.side is Side.BUY and limits.bounds_worth:
        worth = worth_of(account, now)
    return Exposure(recent, held, buying, *worth)


def working_buys(account: Account, symbol: str, besides: str) -> Decimal:
    """Shares that the account's working buys of the symbol may still bring, without the order `besides`."""
    rows = Order.objects.filter(account=account, instrument__symbol=symbol, side=Side.BUY.value, status__in=WORKING)
    if besides:
        rows = rows.exclude(pk=besides)
    sums: dict[str, Decimal | None] = rows.aggregate(asked=Sum("quantity"), filled=Sum("cum_qty"))
    return (sums["asked"] or ZERO) - (sums["filled"] or ZERO)


class Worth(NamedTuple):
    """USD; None while a price is missing."""

    equity: Decimal | None = None
    day_pnl: Decimal | None = None
    invested: Decimal | None = None
    drawdown: Decimal | None = None


def worth_of(account: Account, now: datetime) -> Worth:
    """Equity and P&L as the account's pages show them."""
    view = portfolio_value(holdings_of([account])[0], board, now)
    priced = all(held.market_value is not None for held in view.open_positions)
    return Worth(
        view.equity if priced else None,
        view.day_pnl,
        view.market_value + account.reserved if priced else None,
        None if view.total_pnl is None else best_pnl(account) - view.total_pnl,
    )
