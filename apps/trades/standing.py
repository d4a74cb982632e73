"""What stands in the way of few orders, asked of all in one query: only what it names is then read."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import BigIntegerField, CharField, Exists, QuerySet

from apps import telemetry
from apps.live.prepared import Given, PreparedRead
from apps.portfolio.models import Account
from apps.risk.queries import anything_set

from .models import Order
from .ticket import Placed, Refused, Ticket


class Standing(NamedTuple):
    """Asked under the account's lock: a request that was under way when its user was suspended places nothing."""

    is_active: bool
    is_repeat: bool
    is_limited: bool


def asked() -> QuerySet[Account, tuple[bool, ...]]:
    account, client_id = Given("account", BigIntegerField()), Given("client_id", CharField())
    earlier = Exists(Order.objects.filter(account=account, client_order_id=client_id))
    return Account.objects.filter(pk=account).values_list("user__is_active", earlier, *anything_set(account))


ASKED = PreparedRead(asked)


def standing_of(locked: Account, client_order_id: str) -> Standing:
    """Whether its user may trade, whether the id names an order, and whether any limit is set."""
    ((is_active, is_repeat, *limits),) = ASKED.all(account=locked.pk, client_id=client_order_id)
    return Standing(is_active, is_repeat, any(limits))


def placed_before(locked: Account, ticket: Ticket) -> Placed | Refused:
    """The order that has the ticket's id already, or what is wrong with the id."""
    rows = Order.objects.select_related("instrument", "account")
    earlier = rows.get(account=locked, client_order_id=ticket.client_order_id)
    if ticket.asks_for(earlier):
        telemetry.after_commit(telemetry.orders_placed.labels("repeated"))
        return Placed(earlier, created=False)
    telemetry.denied("client_order_id")
    return Refused({"client_order_id": "Client order id already names another order; send a new one"})
