"""Orders as the rules and the screens read them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, UUIDField

from apps.desk import money
from apps.desk.commission import Commission, parse_commission
from apps.desk.currency import BASE
from apps.desk.order import OPEN, WORKING, Effect, OrderStatus, TimeInForce
from apps.desk.order import Order as DeskOrder
from apps.desk.policy import Policy, Price
from apps.desk.sessions import session_of
from apps.live.prepared import Given, PreparedRead
from apps.market.hours import calendar_named
from apps.market.models import Instrument
from apps.market.queries import MarketStatus, former_of, market_state

from .models import Fill, Order, desk_order

ORDERS_AT_ONCE, ROWS_AT_ONCE = 500, 10_000
FEW = 4  # as many as are mostly new when the desk looks
FEW_WORKING = PreparedRead(lambda: working_of([Given(f"id{place}", UUIDField()) for place in range(FEW)]))
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
    return [desk_order(row) for row in working_rows(order_ids)]


def working_rows(order_ids: Iterable[str]) -> list[Order]:
    """The same with all that is on record of them."""
    ids, found = list(order_ids), list[Order]()
    if 0 < len(ids) <= FEW:
        return FEW_WORKING.all(**{f"id{place}": ids[place % len(ids)] for place in range(FEW)})
    for start in range(0, len(ids), ORDERS_AT_ONCE):
        found += working_of(ids[start : start + ORDERS_AT_ONCE])
    return found


def working_of(ids: Sequence[Any]) -> QuerySet[Order]:
    return Order.objects.filter(pk__in=ids, status__in=WORKING).select_related("instrument")


def version_of(row: Order) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in MAY_CHANGE)


def working_versions() -> dict[str, tuple[object, ...]]:
    """By the id of each working order all that may change of it: who has read it so need not read it again.

    Its `updated_at` alone does not tell: the clock of whoever changed it may be behind.
    """
    rows = Order.objects.filter(status__in=WORKING).values_list("pk", *MAY_CHANGE)
    return {str(pk): tuple(rest) for pk, *rest in rows.iterator(ROWS_AT_ONCE)}


def session_for(
    instrument: Instrument, now: datetime, state: MarketStatus | None = None, *, extended_hours: bool = False
) -> date:
    """The date of the session that an order placed now is for: what keeps no hours has the feed's."""
    calendar = calendar_named(instrument.calendar)
    day = session_of(extended_hours, calendar, now) if calendar.has_hours else None
    return day.date if day else (state or market_state()).session_date or now.date()


def due_at_close(now: datetime) -> dict[tuple[str, datetime], set[str]]:
    """By symbol and close the ids of the orders for it, of every close that is past."""
    rows = Order.objects.filter(status__in=WORKING, time_in_force=TimeInForce.CLS)
    due: dict[tuple[str, datetime], set[str]] = {}
    for pk, symbol, calendar, session in rows.values_list(
        "pk", "instrument__symbol", "instrument__calendar", "session_date"
    ):
        day = calendar_named(calendar).on(session) if session else None
        if day is not None and day.closes_at <= now:
            due.setdefault((symbol, day.closes_at), set()).add(str(pk))
    return due


def relatives_of(order_ids: Iterable[str]) -> set[str]:
    """These orders, what they are the exits of, all exits of those, the other of two that cancel each other, and what
    waited for them: what one does may change the others."""
    ids = [uuid.UUID(order_id) for order_id in order_ids]
    groups = Order.objects.filter(pk__in=ids, oco__isnull=False).values("oco")
    ids += Order.objects.filter(oco__in=groups).exclude(pk__in=ids).values_list("pk", flat=True)
    parents = set(Order.objects.filter(pk__in=ids, parent__isnull=False).values_list("parent", flat=True))
    exits = Order.objects.filter(parent__in={*ids, *parents}).values_list("pk", flat=True)
    after = Order.objects.filter(after__in={*ids, *parents}).values_list("pk", flat=True)
    return {str(pk) for pk in (*ids, *parents, *exits, *after)}


def newest_orders() -> QuerySet[Order]:
    """Newest first."""
    return Order.objects.select_related("instrument", "then__instrument").order_by("-created_at", "-id")


def orders_of(account_id: int) -> QuerySet[Order]:
    return newest_orders().filter(account_id=account_id)


def search_orders(account_id: int, tab: str, symbol: str = "", side: str = "", status: str = "") -> QuerySet[Order]:
    """The account's orders of a tab, narrowed by what is given; a symbol is found by how it begins,
    a former one whole."""
    rows = orders_of(account_id).filter(TABS[tab])
    if symbol:
        named = Q(instrument__symbol__istartswith=symbol) | Q(instrument__in=former_of(symbol))
        rows = rows.filter(named | Q(client_order_id=symbol))
    if side:
        rows = rows.filter(side=side)
    return rows.filter(status=status) if status else rows


def newest_fills() -> QuerySet[Fill]:
    """Newest first."""
    return Fill.objects.select_related("order__instrument").order_by("-at", "-id")


def fills_of(account_id: int) -> QuerySet[Fill]:
    return newest_fills().filter(order__account_id=account_id)


def spent_by(order: Order) -> Decimal:
    """On shares so far (USD): in another currency each fill at its own rate."""
    if order.instrument.currency == BASE:
        return money.cents((order.avg_px or money.ZERO) * order.cum_qty)
    fills = order.fills.values_list("last_qty", "last_px", "rate")
    return sum((money.usd_of(qty, price, rate or money.ZERO) for qty, price, rate in fills), money.ZERO)


def order_facts(order: Order, fills: Iterable[Fill], then: dict[str, object] | None = None) -> dict[str, object]:
    """The order as JSON carries it: decimals as text, times in ISO 8601; `then` are the facts of what comes after."""
    return {
        "id": str(order.pk),
        "client_order_id": order.client_order_id,
        "symbol": order.instrument.symbol,
        "currency": order.instrument.currency,
        "side": order.side,
        "effect": Effect.OPEN.value if order.opens else Effect.CLOSE.value,
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
        "after_id": str(order.after_id) if order.after_id else None,
        "extended_hours": order.extended_hours,
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
                "rate": plain(fill.rate),
                "commission": str(fill.commission),
                "liquidity": fill.liquidity,
                "at": fill.at.isoformat(),
            }
            for fill in fills
        ],
        "then": then,
    }


def plain(number: Decimal | None) -> str | None:
    return None if number is None else money.plain(number)
