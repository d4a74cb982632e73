"""The lists of many accounts at the cost of one: a constant number of SQL queries, whatever the accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from django.db import connection
from django.db.models import QuerySet

from apps.live.activity import last_told_or_joined
from apps.market.models import Instrument
from apps.portfolio.models import Account

from .models import Fill, Order
from .queries import TABS, fills_of, newest_fills, newest_orders, orders_of

T = TypeVar("T")

SHOWN = 100
LATEST_FILLS = 20


@dataclass(frozen=True)
class Orders:
    """A tab, newest first; `more` when there are others. `ts` is when the account last changed (µs)."""

    rows: list[Order]
    more: bool
    ts: int


@dataclass(frozen=True)
class Fills:
    """An account's latest, newest first. `ts` is when the account last changed (µs)."""

    rows: list[Fill]
    ts: int


def orders_of_each(tabs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Orders]:
    """The lists by account and tab. Raises Account.DoesNotExist."""
    wanted = {key: orders_of(key[0]).filter(TABS[key[1]])[: SHOWN + 1] for key in tabs}
    ts = changed({account for account, _ in wanted})
    rows = rows_of_each(newest_orders(), wanted)
    share_instruments(chain.from_iterable(rows.values()))
    return {key: Orders(rows[key][:SHOWN], len(rows[key]) > SHOWN, ts[key[0]]) for key in wanted}


def fills_of_each(accounts: Iterable[int]) -> dict[int, Fills]:
    """The latest fills by account. Raises Account.DoesNotExist."""
    wanted = {account: fills_of(account)[:LATEST_FILLS] for account in accounts}
    ts = changed(wanted.keys())
    rows = rows_of_each(newest_fills(), wanted)
    share_instruments(fill.order for own in rows.values() for fill in own)
    return {account: Fills(rows[account], ts[account]) for account in wanted}


def changed(accounts: Iterable[int]) -> dict[int, int]:
    """When each account's owner was last told of a change (µs). Raises Account.DoesNotExist."""
    wanted = set(accounts)
    owners = dict(Account.objects.filter(pk__in=wanted).values_list("pk", "user_id"))
    if unknown := wanted - owners.keys():
        raise Account.DoesNotExist(f"no account {', '.join(map(str, sorted(unknown)))}")
    told = last_told_or_joined(owners.values())
    return {account: told[user] for account, user in owners.items()}


def share_instruments(orders: Iterable[Order]) -> None:
    """One of each, kept with the lists for as long as pages show them; else they are mostly copies of it."""
    known: dict[int, Instrument] = {}
    for order in orders:
        order.instrument = known.setdefault(order.instrument_id, order.instrument)


def rows_of_each(rows: QuerySet[Any], wanted: Mapping[T, QuerySet[Any]]) -> dict[T, list[Any]]:
    """What each of the sliced queries finds, as `rows` reads and orders it; two queries. No row is of two of them."""
    place = key_of_each_id(wanted) if wanted else {}
    found: dict[T, list[Any]] = {key: [] for key in wanted}
    for row in rows.filter(pk__in=place):
        found[place[row.pk]].append(row)
    return found


def key_of_each_id(wanted: Mapping[T, QuerySet[Any]]) -> dict[Any, T]:
    """By one query of our own: Django's union takes no slices on SQLite."""
    keys, parts, values = list(wanted), [], list[Any]()
    for number, query in enumerate(wanted.values()):
        statement, own = query.values("pk").query.sql_with_params()
        parts.append(f"SELECT {number} AS part, pk FROM ({statement}) AS of_{number}")  # noqa: S608 -- values are bound
        values += own
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        rows = cursor.fetchall()
    return {wanted[keys[number]].model._meta.pk.to_python(pk): keys[number] for number, pk in rows}
