"""Orders as the rules and the screens read them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.desk import money
from apps.desk.commission import Commission, parse_commission
from apps.desk.limits import check_admission, check_limits
from apps.desk.margin import INITIAL
from apps.desk.order import OPEN, WORKING, Effect, OrderStatus, Side, TimeInForce
from apps.desk.order import Order as DeskOrder
from apps.desk.policy import Policy, Price
from apps.desk.quote import Quote
from apps.desk.risk import Accepted, Denied, check_closing, check_direction, check_opening, check_terms, needed_at_most
from apps.desk.sessions import check_hours
from apps.market import queries as market
from apps.market.hours import calendar_named
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import free_to_open, holding
from apps.risk.queries import limits_of

from .exposure import exposure_of, opening_side
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
    """What the rules say of a ticket now, and the figures they go by (USD). A trail starts at `watermark`.

    `margin` is what it would need of its own on margin; buying power is None while a price it rests on is missing.
    """

    verdict: Accepted | Denied
    effect: Effect
    quote: Quote | None
    price: Decimal | None = None
    cost: Decimal | None = None
    fee: Decimal | None = None
    margin: Decimal | None = None
    buying_power_after: Decimal | None = None
    watermark: Decimal | None = None


def review(account: Account, ticket: Ticket, now: datetime) -> Review:
    """Runs every rule before an order; the caller holds the account's lock when an order is to follow."""
    effect = effect_of(account, ticket)
    order = replace(ticket.order(now), effect=effect)
    quote, free = board.latest(ticket.symbol), free_to_open(account)
    verdict = verdict_of(account, order, quote, free, now)
    if ticket.reduce_only and effect is Effect.OPEN:
        verdict = only_reduces(ticket, account)
    if quote is None:
        return Review(verdict, effect, None)
    price = expected_price(order, quote)
    cost, fee = price * order.quantity, commission().of(order.quantity, price)
    needed = needed_at_most(order, quote, commission(), on_margin=True) if account.on_margin and order.opens else None
    after = None if free is None else power_after(account, order, free, cost, fee)
    watermark = order.seeing(policy().signal(quote)).watermark
    return Review(verdict, effect, quote, price, cost, fee, needed, after, watermark)


def effect_of(account: Account, ticket: Ticket) -> Effect:
    """A sell closes what is held, a buy what is owed; with neither, or more of the same, it opens. Without margin
    nothing is owed."""
    if ticket.effect is not None:
        return ticket.effect
    if not account.on_margin:
        return Effect.OPEN if ticket.side is Side.BUY else Effect.CLOSE
    held, _ = holding(account, ticket.symbol)
    closes = held < 0 if ticket.side is Side.BUY else held > 0
    return Effect.CLOSE if closes else Effect.OPEN


def power_after(account: Account, order: DeskOrder, free: Decimal, cost: Decimal, fee: Decimal) -> Decimal:
    """Buying power when the order is filled at the expected price."""
    if not account.on_margin:
        return free - cost - fee if order.side is Side.BUY else free + cost - fee
    needed = cost * INITIAL
    return max(free - needed - fee if order.opens else free + needed - fee, money.ZERO) / INITIAL


def only_reduces(ticket: Ticket, account: Account) -> Denied:
    held, _ = holding(account, ticket.symbol)
    what = f"adds to your {money.plain(abs(held))}" if held else "opens a position: you have none"
    return Denied("reduce_only", "reduce_only", f"An order that only reduces may not open one; this one {what}")


def verdict_of(
    account: Account, order: DeskOrder, quote: Quote | None, free: Decimal | None, now: datetime
) -> Accepted | Denied:
    limits = limits_of(account, now)
    if denied := check_admission(order.symbol, limits):
        return denied
    verdict = covered(account, order, quote, free, now)
    if isinstance(verdict, Denied) or quote is None:
        return verdict
    return check_limits(order, quote, exposure_of(account, order, limits, now), limits) or verdict


def covered(
    account: Account, order: DeskOrder, quote: Quote | None, free: Decimal | None, now: datetime
) -> Accepted | Denied:
    """Whether the order can be dealt with at all: an open market, or one that opens again, a fresh quote, and money or
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
    if not order.opens:
        return check_closing(order, *holding(account, order.symbol), quote, now, stale_ms)
    if account.on_margin and (crossing := check_direction(order, opening_side(account, order))):
        return crossing
    if free is None:
        message = "What you may open is not known while a price of your positions is missing"
        return Denied("account", "equity_unknown", message)
    return check_opening(order, quote, free, commission(), now, stale_ms, on_margin=account.on_margin)


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
