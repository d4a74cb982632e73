"""Orders and fills as they are drawn, and the page that shows them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.http import Http404

from apps.desk.quote import EPOCH
from apps.live.digest import Words, digest_words
from apps.live.fragments import Fragment, register
from apps.live.kinds import event_kinds
from apps.live.pages import Page
from apps.live.toasts import toast_template
from apps.portfolio.queries import account_id

from .lists import Fills, Orders, fills_of_each, orders_of_each
from .models import Fill, Order, desk_order
from .queries import TABS, newest_orders

MICROSECOND = timedelta(microseconds=1)
FILTERS = ("symbol", "side", "status", "page")

toast_template("order", "trades/_toast.html")
event_kinds(
    "order",
    {
        "accepted": "an order was taken and works",
        "denied": "an order, a change or a closing was refused, with the rule and its numbers",
        "partially_filled": "a part of it was executed",
        "filled": "all of it was executed",
        "canceled": "what was left of it was cancelled",
        "expired": "its time was over",
        "rejected": "it was refused after it had been taken",
        "replaced": "its quantity or prices were changed",
        "trailed": "its trailing stop has moved",
    },
)
OUTCOMES = {
    "filled": "filled",
    "partially_filled": "partly filled",
    "canceled": "cancelled",
    "rejected": "rejected",
    "expired": "expired",
    "accepted": "accepted",
    "replaced": "changed",
}
digest_words("order", Words("order", "orders", OUTCOMES, subject="order_id"))


class OrdersFragment(Fragment):
    """`orders/7` are the working orders of account 7, `orders/7:filled` its filled ones."""

    kind = "orders"
    template = "trades/_orders.html"
    weight = 25

    def load_many(self, keys: Sequence[str]) -> dict[str, Orders]:
        """Raises Account.DoesNotExist."""
        asked = {key: (int(account), tab or "working") for key in keys for account, _, tab in [key.partition(":")]}
        found = orders_of_each(asked.values())
        return {key: found[place] for key, place in asked.items()}

    def context(self, key: str, facts: Orders) -> dict[str, Any]:
        tab = key.partition(":")[2]
        return {
            "id": f"orders-{key.replace(':', '-')}",
            "tab": tab or "working",
            "orders": facts.rows,
            "more": facts.more,
            "ts": facts.ts,
        }


class FillsFragment(Fragment):
    """The account's latest fills."""

    kind = "fills"
    template = "trades/_fills.html"
    weight = 5

    def load_many(self, keys: Sequence[str]) -> dict[str, Fills]:
        """Raises Account.DoesNotExist."""
        found = fills_of_each(map(int, keys))
        return {key: found[int(key)] for key in keys}

    def context(self, key: str, facts: Fills) -> dict[str, Any]:
        shown = {"rows": facts.rows, "label": "Latest fills", "past": False}
        return {"id": f"fills-{key}", **shown, "ts": facts.ts}


class OrderFragment(Fragment):
    """One order with its fills, its exits, what comes after it, and the other of two that cancel each other."""

    kind = "order"
    template = "trades/_order.html"

    def load(self, key: str) -> tuple[Order, list[Fill], list[Order], Order | None]:
        order = newest_orders().get(pk=key)
        exits = order.exits.order_by("-client_order_id") if order.has_exits else ()
        others = Order.objects.filter(oco=order.oco).exclude(pk=key).select_related("instrument") if order.oco else ()
        return order, list(order.fills.order_by("at", "id")), list(exits), next(iter(others), None)

    def context(self, key: str, facts: tuple[Order, list[Fill], list[Order], Order | None]) -> dict[str, Any]:
        order, fills, exits, other = facts
        leaves, ts = desk_order(order).leaves_qty, (order.updated_at - EPOCH) // MICROSECOND
        shown = {"order": order, "fills": fills, "exits": exits, "other": other, "leaves": leaves}
        return {"id": f"order-{key}", **shown, "ts": ts}


for fragment in (OrdersFragment(), FillsFragment(), OrderFragment()):
    register(fragment)


class TradesPage(Page):
    """The orders page: a tab of orders, or one order with `?order=`. A filtered list is a snapshot."""

    name = "trades"

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        account = account_id.of(user)
        if account is None:
            return []
        if "order" in params:
            return [f"order/{own_order(account, params['order'])}"]
        tab = params.get("tab", "working")
        if tab not in TABS:
            raise Http404("No such tab")
        if any(params.get(name) for name in FILTERS):
            return []
        return [
            f"orders/{account}" if tab == "working" else f"orders/{account}:{tab}",
            f"fills/{account}",
        ]


def own_order(account_id: int, text: str) -> uuid.UUID:
    """The id of an order of this account. Raises Http404 for another's, as for one that is not."""
    try:
        found = Order.objects.filter(account_id=account_id, pk=uuid.UUID(text)).exists()
    except ValueError:
        found = False
    if not found:
        raise Http404("No such order")
    return uuid.UUID(text)
