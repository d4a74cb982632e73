"""An account whose equity is under the maintenance margin: the desk closes positions until it is not."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from apps.desk.margin import maintenance_margin
from apps.desk.money import ZERO
from apps.desk.order import OPEN, WORKING, IllegalTransition, OrderType, TimeInForce
from apps.market.quotes import board
from apps.portfolio.models import Account, AccountKind
from apps.portfolio.news import tell
from apps.portfolio.queries import holdings_of, portfolio_value
from apps.portfolio.value import PortfolioView, PositionView
from apps.risk.queries import closing_limits

from .exposure import OPENING
from .models import Order
from .services import cancel_order, close_position
from .ticket import Placed


def call_margins(now: datetime) -> int:
    """Looks at every account on margin; says how many were called. One whose prices are old or missing waits, and all
    do while the whole desk is halted: who stops it may not trust the prices that would call."""
    if closing_limits().halt:
        return 0
    accounts = list(Account.objects.filter(kind=AccountKind.MARGIN).select_related("user").order_by("pk"))
    called = 0
    for account, holdings in zip(accounts, holdings_of(accounts), strict=True):
        view = portfolio_value(holdings, board, now)
        if is_due(view):
            called += call(account, view, now)
    return called


def is_due(view: PortfolioView) -> bool:
    """Whether there is something to close, at prices that are known: who has lost all and holds nothing only owes."""
    called = view.margin is not None and view.margin.is_called
    return called and bool(view.open_positions) and not any(each.stale for each in view.open_positions)


def call(account: Account, view: PortfolioView, now: datetime) -> bool:
    """Cancels what would open more, and closes the position that needs the most. False while that is under way."""
    for order_id in list(Order.objects.filter(OPENING, account=account, status__in=OPEN).values_list("pk", flat=True)):
        with suppress(IllegalTransition):  # one before it has taken it along, or its owner was faster
            cancel_order(account, order_id, now)
    worst = max(view.open_positions, key=needs)
    symbol = worst.held.symbol
    if closing_of(account, symbol).exists():
        return False
    placed = close_position(account, symbol, f"margin:{symbol}:{uuid.uuid4()}", now, by_desk=True)
    if not isinstance(placed, Placed):
        return False
    say(account, view, symbol)
    return True


def closing_of(account: Account, symbol: str) -> QuerySet[Order]:
    """The desk's order that is under way. A trader may choose an id like it, but not for an order that rests."""
    return Order.objects.filter(
        account=account,
        client_order_id__startswith=f"margin:{symbol}:",
        order_type=OrderType.MARKET.value,
        time_in_force=TimeInForce.DAY.value,
        status__in=WORKING,
    )


def needs(position: PositionView) -> Decimal:
    return maintenance_margin(position.held.quantity, position.market_value or ZERO)


@transaction.atomic
def say(account: Account, view: PortfolioView, symbol: str) -> None:
    assert view.margin is not None  # noqa: S101 -- who calls has looked
    words = (
        f"Equity {view.equity:,.2f} USD is under the maintenance margin of {view.margin.maintenance:,.2f}: "
        f"{symbol} is being closed"
    )
    tell(account, "margin_call", words, tone="error")
