"""Orders as the rules and the screens read them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.desk import money
from apps.desk.commission import Commission, parse_commission
from apps.desk.limits import check_admission, check_limits
from apps.desk.order import OPEN, WORKING, OrderStatus, Side, TimeInForce
from apps.desk.order import Order as DeskOrder
from apps.desk.policy import Policy, Price
from apps.desk.quote import Quote
from apps.desk.risk import Accepted, Denied, check_buy, check_sell, check_terms
from apps.desk.sessions import check_hours
from apps.market import queries as market
from apps.market.hours import calendar_named
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import holding
from apps.risk.queries import limits_of

from .exposure import exposure_of
from .models import Fill, Order, desk_order
from .ticket import Ticket

ORDERS_AT_ONCE, ROWS_AT_ONCE = 500, 10_000
MAY_CHANGE = ("quantity", "cum_qty", "limit_price", "stop_price", "triggered_at", "queued_at")
TABS = {
    "working": Q(status__in=OPEN),
    "filled": Q(status=OrderStatus.FILLED),
    "closed": Q(status__in={OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}),
}


NO_COMMISSION = parse_commission("none")


@lru_cache(maxsize=4)
def commission_named(text: str) -> Commission:
    return parse_commission(text)


def commission() -> Commission:
    """What the broker takes, as the setting says."""
    return commission_named(settings.COMMISSION)


def policy() -> Policy:
    """How orders meet quotes, as the settings say."""
    return policy_named(
        settings.FILL_PRICE,
        settings.STOP_ELECTION,
        settings.FILL_LATENCY_MS,
        settings.SLIPPAGE_BPS,
        settings.SLIPPAGE_SEED,
    )


@lru_cache(maxsize=4)
def policy_named(fills_at: str, elects_on: str, latency_ms: int, slippage_bps: Decimal, seed: int) -> Policy:
    return Policy(Price(fills_at), Price(elects_on), latency_ms, slippage_bps, seed)


def working_orders(symbol: str) -> list[DeskOrder]:
    """All accounts' working orders of a symbol."""
    rows = Order.objects.filter(status__in=WORKING, instrument__symbol=symbol).select_related("instrument")
    return [desk_order(row) for row in rows]


def working_among(order_ids: Iterable[str]) -> list[DeskOrder]:
    """Those of the orders that are working."""
    ids, found = list(order_ids), list[DeskOrder]()
    for start in range(0, len(ids), ORDERS_AT_ONCE):
        rows = Order.objects.filter(pk__in=ids[start : start + ORDERS_AT_ONCE], status__in=WORKING)
        found += [desk_order(row) for row in rows.select_related("instrument")]
    return found


def working_versions() -> dict[str, tuple[object, ...]]:
    """By the id of each working order all that may change of it: who has read it so need not read it again.

    Its `updated_at` alone does not tell: the clock of whoever changed it may be behind.
    """
    rows = Order.objects.filter(status__in=WORKING).values_list("pk", *MAY_CHANGE)
    return {str(pk): tuple(rest) for pk, *rest in rows.iterator(ROWS_AT_ONCE)}


def due_at_close(now: datetime) -> dict[tuple[str, datetime], set[str]]:
    """By symbol and close the ids of the orders for it, of every close that is past."""
    rows = Order.objects.filter(status__in=WORKING, time_in_force=TimeInForce.CLS)
    due: dict[tuple[str, datetime], set[str]] = {}
    for pk, symbol, calendar, date in rows.values_list(
        "pk", "instrument__symbol", "instrument__calendar", "session_date"
    ):
        day = calendar_named(calendar).on(date) if date else None
        if day is not None and day.closes_at <= now:
            due.setdefault((symbol, day.closes_at), set()).add(str(pk))
    return due


def relatives_of(order_ids: Iterable[str]) -> set[str]:
    """These orders, what they are the exits of, all exits of those, and the other of two that cancel each other: what
    one does may change the others."""
    ids = [uuid.UUID(order_id) for order_id in order_ids]
    groups = Order.objects.filter(pk__in=ids, oco__isnull=False).values("oco")
    ids += Order.objects.filter(oco__in=groups).exclude(pk__in=ids).values_list("pk", flat=True)
    parents = set(Order.objects.filter(pk__in=ids, parent__isnull=False).values_list("parent", flat=True))
    exits = Order.objects.filter(parent__in={*ids, *parents}).values_list("pk", flat=True)
    return {str(pk) for pk in (*ids, *parents, *exits)}


@dataclass(frozen=True, slots=True)
class Review:
    """What the rules say of a ticket now, and the figures they go by (USD). A trail starts at `watermark`."""

    verdict: Accepted | Denied
    quote: Quote | None
    price: Decimal | None
    cost: Decimal | None
    fee: Decimal | None
    buying_power: Decimal
    buying_power_after: Decimal | None
    watermark: Decimal | None = None


def review(account: Account, ticket: Ticket, now: datetime) -> Review:
    """Runs every rule before an order; the caller holds the account's lock when an order is to follow."""
    order = ticket.order(now)
    quote, power = board.latest(ticket.symbol), account.cash - account.reserved
    verdict = verdict_of(account, order, quote, now)
    if quote is None:
        return Review(verdict, None, None, None, None, power, None)
    price = expected_price(order, quote)
    cost, fee = price * order.quantity, commission().of(order.quantity, price)
    after = power - cost - fee if order.side is Side.BUY else power + cost - fee
    return Review(verdict, quote, price, cost, fee, power, after, order.seeing(policy().signal(quote)).watermark)


def verdict_of(account: Account, order: DeskOrder, quote: Quote | None, now: datetime) -> Accepted | Denied:
    limits = limits_of(account, now)
    if denied := check_admission(order.symbol, limits):
        return denied
    verdict = covered(account, order, quote, now)
    if isinstance(verdict, Denied) or quote is None:
        return verdict
    return check_limits(order, quote, exposure_of(account, order, limits, now), limits) or verdict


def covered(account: Account, order: DeskOrder, quote: Quote | None, now: datetime) -> Accepted | Denied:
    """Whether the order can be dealt with at all: an open market, or one that opens again, a fresh quote, and cash or
    shares for it."""
    state = market.market_state()
    if past := check_terms(order, quote, now):
        return past
    if not state.is_open:
        return Denied("symbol", "market_closed", f"The market is closed: {state.reason or 'no session runs now'}")
    calendar = board.calendar(order.symbol)
    if wrong := check_hours(order, calendar, now, lambda: ZoneInfo(account.user.time_zone)):
        return wrong
    stale_ms = settings.QUOTE_STALE_MS if calendar.running(now) else None
    if order.side is Side.BUY:
        power = account.cash - account.reserved
        return check_buy(order, quote, power, commission(), now, stale_ms)
    return check_sell(order, *holding(account, order.symbol), quote, now, stale_ms)


def expected_price(order: DeskOrder, quote: Quote) -> Decimal:
    """A limit or stop is estimated at its own price, a market order at the side it would take."""
    return order.limit or order.seeing(quote).stop_at or (quote.ask if order.side is Side.BUY else quote.bid)


def newest_orders() -> QuerySet[Order]:
    """Newest first."""
    return Order.objects.select_related("instrument").order_by("-created_at", "-id")


def orders_of(account_id: int) -> QuerySet[Order]:
    return newest_orders().filter(account_id=account_id)


def search_orders(account_id: int, tab: str, symbol: str = "", side: str = "", status: str = "") -> QuerySet[Order]:
    """The account's orders of a tab, narrowed by what is given; a symbol is found by how it begins."""
    rows = orders_of(account_id).filter(TABS[tab])
    if symbol:
        rows = rows.filter(Q(instrument__symbol__istartswith=symbol) | Q(client_order_id=symbol))
    if side:
        rows = rows.filter(side=side)
    return rows.filter(status=status) if status else rows


def newest_fills() -> QuerySet[Fill]:
    """Newest first."""
    return Fill.objects.select_related("order__instrument").order_by("-at", "-id")


def fills_of(account_id: int) -> QuerySet[Fill]:
    return newest_fills().filter(order__account_id=account_id)


def order_facts(order: Order, fills: Iterable[Fill]) -> dict[str, object]:
    """The order as JSON carries it: decimals as text, times in ISO 8601."""
    return {
        "id": str(order.pk),
        "client_order_id": order.client_order_id,
        "symbol": order.instrument.symbol,
        "side": order.side,
        "order_type": order.order_type,
        "time_in_force": order.time_in_force,
        "quantity": plain(order.quantity),
        "notional": plain(order.notional),
        "limit_price": plain(order.limit_price),
        "stop_price": plain(order.stop_price),
        "trail_amount": plain(order.trail_amount),
        "trail_percent": plain(order.trail_percent),
        "stop_at": plain(order.stop_at),
        "take_profit": plain(order.take_profit),
        "stop_loss": plain(order.stop_loss),
        "oco": str(order.oco) if order.oco else None,
        "parent_id": str(order.parent_id) if order.parent_id else None,
        "session_date": order.session_date.isoformat() if order.session_date else None,
        "expires_at": order.expires_at.isoformat() if order.expires_at else None,
        "status": order.status,
        "cum_qty": plain(order.cum_qty),
        "leaves_qty": plain(desk_order(order).leaves_qty),
        "avg_px": plain(order.avg_px),
        "reason": order.reason,
        "created_at": order.created_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "fills": [
            {
                "exec_id": fill.exec_id,
                "last_qty": plain(fill.last_qty),
                "last_px": plain(fill.last_px),
                "commission": str(fill.commission),
                "liquidity": fill.liquidity,
                "at": fill.at.isoformat(),
            }
            for fill in fills
        ],
    }


def plain(number: Decimal | None) -> str | None:
    return None if number is None else money.plain(number)
