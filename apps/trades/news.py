"""What an order's owner hears of it, and which fragments change with it."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from apps.desk.currency import BASE
from apps.desk.fill import Fill
from apps.desk.risk import Denied
from apps.live import bus
from apps.live.announce import announce
from apps.live.topics import user_stream
from apps.portfolio import news as portfolio
from apps.portfolio.models import Account

from .models import Order, desk_order
from .naming import log_change
from .queries import TABS, plain
from .ticket import Ticket, facts_of
from .watchers import order_hooks

ORDERS_RING = "desk/orders/"
"""Before the id of the order that is new or changed."""
TONES = {
    "accepted": "info",
    "filled": "success",
    "partially_filled": "success",
    "expired": "warn",
    "rejected": "error",
}


def ring_desk(*orders: Order) -> None:
    """Has the desk look at these orders once this transaction is on record."""
    for order in orders:
        transaction.on_commit(partial(bus.ring, f"{ORDERS_RING}{order.pk}"), robust=True)


def tell(
    order: Order,
    what: str,
    fill: Fill | None = None,
    *,
    then: Order | None = None,
    denied: Denied | None = None,
    toast: bool = True,
) -> None:
    """Announces one change of an order, with every fragment that it touches; `then` is what is held until it fills,
    `denied` the rule that rejects it."""
    facts = {
        "order_id": str(order.pk),
        "side": order.side,
        "verb": order.verb,
        "symbol": order.instrument.symbol,
        "quantity": plain(order.quantity),
        "order_type": order.order_type,
        "status": order.status,
        "last_qty": plain(fill.last_qty if fill else None),
        "last_px": plain(fill.last_px if fill else None),
        "cum_qty": plain(order.cum_qty),
        "leaves_qty": plain(desk_order(order).leaves_qty),
        "avg_px": plain(order.avg_px),
        "limit_price": plain(order.limit_price),
        "stop_price": plain(order.stop_price),
        "trail_amount": plain(order.trail_amount),
        "trail_percent": plain(order.trail_percent),
        "reason": order.reason,
        "tone": TONES.get(what) or ("warn" if order.reason else "info"),
    }
    if order.instrument.currency != BASE:
        facts["currency"] = order.instrument.currency
    if then is not None:
        facts["then"] = then.in_words
    if denied is not None:
        facts |= facts_of(denied)
    known = {name: text or "" for name, text in facts.items()}
    announce(user_stream(order.account.user_id), f"order.{what}", known, topics=topics_of(order), toast=toast)
    if toast:
        log_change(order, what)
    for hook in order_hooks:
        hook(order.account.user_id, what, known)


def tell_denied(account: Account, ticket: Ticket, denied: Denied) -> None:
    """Keeps what was asked for and the rule that refused it, with its numbers; the answer itself is the news."""
    facts = {
        "client_order_id": ticket.client_order_id,
        "side": ticket.side.value,
        "symbol": ticket.symbol,
        "quantity": plain(ticket.quantity),
        "order_type": ticket.order_type.value,
        "limit_price": plain(ticket.limit_price),
        "stop_price": plain(ticket.stop_price),
        "reason": denied.message,
        **facts_of(denied),
    }
    known = {name: text or "" for name, text in facts.items()}
    announce(user_stream(account.user_id), "order.denied", known)
    for hook in order_hooks:
        hook(account.user_id, "denied", known)


def topics_of(order: Order) -> list[str]:
    account = order.account_id
    tabs = [f"orders/{account}:{tab}" for tab in TABS if tab != "working"]
    return [
        f"orders/{account}",
        f"fills/{account}",
        *tabs,
        *portfolio.topics_of(account),
        f"position/{account}:{order.instrument.symbol}",
        f"order/{order.pk}",
        *(f"order/{first}" for first in (order.parent_id, order.after_id) if first),
    ]
