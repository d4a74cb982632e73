"""One number for all that accounts own, owe and did, the same wherever the same orders met the same quotes.

What a database or dice gave out (ids of rows, of orders and so of executions) is replaced by what it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Case, F, IntegerField, Model, Q, When

from apps.accounts.models import User
from apps.desk.currency import BASE, ONE
from apps.desk.money import ZERO
from apps.live.models import Stream
from apps.market.models import Instrument
from apps.portfolio.models import Account, Journal, LedgerEntry, Lot, Position

from .models import Fill, Order
from .verify import snapshot

MODELS: tuple[type[Model], ...] = (Account, Position, Lot, Order, Fill, Journal, LedgerEntry, Stream)
LEFT_OUT = frozenset({(Stream, "at"), (Stream, "forgotten")})
"""By the clock of the machine, or what was forgotten since: neither is anybody's state."""
SAID_WHERE_SET: dict[tuple[type[Model], str], Any] = {
    (Journal, "currency"): BASE,
    (Journal, "rate"): None,
    (Journal, "local_amount"): None,
    (Journal, "local_realized"): None,
    (Lot, "rate"): ONE,
    (Lot, "local_cost"): ZERO,
    (Position, "local_cost"): ZERO,
    (Fill, "rate"): None,
}
"""What only shares in another currency have, with what it is of all others: these hash as before there were such."""
ROWS_AT_ONCE = 2000
WHOLE = 1 << 256

Names = dict[type[Model], dict[str, str]]
"""What each row is called, by its key."""


def state_hash() -> str:
    """64 hex digits: the sum of every row's SHA-256, so that no order of rows counts, read in one snapshot."""
    with snapshot():
        names = named_rows()
        total = sum(number(line) for model in MODELS for line in lines(model, names))
    return f"{total % WHOLE:064x}"


def number(line: str) -> int:
    return int.from_bytes(sha256(line.encode()).digest(), "big")


def named_rows() -> Names:
    names: Names = {model: {} for model in (User, Account, Instrument, Order, Position, Journal)}
    keep(names, User, User.objects.values_list("pk", "username"))
    keep(names, Instrument, Instrument.objects.values_list("pk", "symbol"))
    keep(names, Account, ((pk, names[User][str(user)]) for pk, user in Account.objects.values_list("pk", "user")))
    apart = Q(parent=None, after=None) & (Q(oco=None) | Q(oco=F("pk")))  # named by no other order
    first = Case(When(apart, then=0), default=1, output_field=IntegerField())
    orders = Order.objects.order_by("created_at", first).values_list("pk", "account", "client_order_id")
    for pk, account, client_id in orders.iterator(chunk_size=ROWS_AT_ONCE):
        names[Order][str(pk)] = f"{names[Account][str(account)]}/{said(client_id, names)}"
    held = Position.objects.values_list("pk", "account", "instrument")
    keep(names, Position, ((pk, f"{names[Account][str(own)]}/{names[Instrument][str(of)]}") for pk, own, of in held))
    keep(names, Journal, ((pk, said(ref, names)) for pk, ref in Journal.objects.values_list("pk", "ref").iterator()))
    return names


def keep(names: Names, model: type[Model], rows: Iterable[tuple[Any, str]]) -> None:
    names[model].update((str(pk), name) for pk, name in rows)


def lines(model: type[Model], names: Names) -> Iterator[str]:
    """Every column of every row."""
    fields = [
        field for field in model._meta.concrete_fields if not field.primary_key and (model, field.name) not in LEFT_OUT
    ]
    rare = {name: usual for (kind, name), usual in SAID_WHERE_SET.items() if kind is model}
    rows = model._default_manager.values_list(*(field.attname for field in fields))
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        values = (
            called(field.related_model, value, names)
            if field.name not in rare
            else f"{field.name}={said(value, names)}"
            for field, value in zip(fields, row, strict=True)
            if field.name not in rare or value != rare[field.name]
        )
        yield "\x1f".join((model.__name__, *values))


def called(model: Any, value: Any, names: Names) -> str:
    """The name of the row of `model` that the value is the key of; without a model the value itself."""
    return said(value, names) if model is None or value is None else names[model][str(value)]


def said(value: Any, names: Names) -> str:
    """The value in one spelling: no trailing zeros, times in UTC, `alice/first:40` for an execution of that order."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):  # what an OCO has in common is the id of its first
        return names[Order].get(str(value), str(value))
    if isinstance(value, str):
        order, colon, rest = value.partition(":")
        return f"{names[Order][order]}:{rest}" if colon and order in names[Order] else value
    return str(value)
