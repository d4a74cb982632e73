"""Rows as CSV or JSON, streamed a part at a time: the size of an account's history costs no memory.

Amounts and quantities are plain decimals, times ISO 8601 in UTC, and what is not known is empty, in JSON null.
"""

from __future__ import annotations

import csv
import json
import re
from array import array
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db.models import Model, Q, QuerySet
from django.http import StreamingHttpResponse

from .models import Order
from .queries import order_facts

ROWS_AT_ONCE = 500
IDS_AT_ONCE = 10_000
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
ORDER_COLUMNS = (
    "id",
    "client_order_id",
    "symbol",
    "side",
    "order_type",
    "time_in_force",
    "quantity",
    "limit_price",
    "stop_price",
    "trail_amount",
    "trail_percent",
    "take_profit",
    "stop_loss",
    "expires_at",
    "extended_hours",
    "after_id",
    "status",
    "cum_qty",
    "leaves_qty",
    "avg_px",
    "reason",
    "created_at",
    "updated_at",
    "currency",
    "effect",
    "notional",
    "stop_at",
    "parent_id",
    "oco",
    "session_date",
)
"""All that an order is known by elsewhere, but its fills, and what comes after it, which have rows of their own."""

Row = Mapping[str, object]
M = TypeVar("M", bound=Model)


def order_rows(orders: QuerySet[Order]) -> Iterator[Row]:
    """The orders by when they were sent."""
    for order in in_parts(orders, by="created_at"):
        yield {**order_facts(order, ()), "extended_hours": "true" if order.extended_hours else "false"}


def in_parts(rows: QuerySet[M], by: str = "pk", read: QuerySet[M] | None = None) -> Iterator[M]:
    """All the rows as they rise by a field and their id, each part read from the row after the last one.

    With `read` only the ids are looked for among `rows`, many at once, and the rows themselves read from `read` by
    them: where the database would look through all of an account's rows for each part.
    """
    if read is not None:
        yield from by_their_ids(rows, read)
        return
    ordered = rows.order_by(by, "pk")
    part = list(ordered[:ROWS_AT_ONCE])
    while part:
        yield from part
        reached, last = getattr(part[-1], by), part[-1].pk
        part.clear()  # two parts are never held at once
        beyond = Q(**{f"{by}__gt": reached}) | Q(**{by: reached}, pk__gt=last)
        part = list(ordered.filter(beyond, **{f"{by}__gte": reached})[:ROWS_AT_ONCE])


def by_their_ids(rows: QuerySet[M], read: QuerySet[M]) -> Iterator[M]:
    """As they rise by their ids, which are whole numbers."""
    last = 0
    while True:
        beyond = rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:IDS_AT_ONCE]
        ids = array("q", beyond.iterator(chunk_size=ROWS_AT_ONCE))
        if not ids:
            return
        for first in range(0, len(ids), ROWS_AT_ONCE):
            yield from read.filter(pk__in=ids[first : first + ROWS_AT_ONCE].tolist()).order_by("pk")
        last = ids[-1]


def streamed(name: str, kind: str, columns: Sequence[str], rows: Iterable[Row]) -> StreamingHttpResponse:
    """A file of the columns of these rows. Raises KeyError for a kind that is neither csv nor json."""
    content_type = KINDS[kind]
    parts = read_in_parts(iter(rows))
    return StreamingHttpResponse(
        csv_of(columns, parts) if kind == "csv" else json_of(columns, parts),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{kind}"',
            "Content-Encoding": "identity",  # Django zips each part by itself, and many readers stop after the first
        },
    )


async def read_in_parts(rows: Iterator[Row]) -> AsyncIterator[list[Row]]:
    """The database is asked in the thread that may; between two parts nothing of it is held."""
    read = sync_to_async(lambda: list(islice(rows, ROWS_AT_ONCE)))
    while part := await read():
        yield part


class Echo:
    """csv writes to it and gets the line back."""

    def write(self, line: str) -> str:
        return line


async def csv_of(columns: Sequence[str], parts: AsyncIterator[list[Row]]) -> AsyncIterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(columns)
    async for part in parts:
        yield "".join(writer.writerow([cell(row[name]) for name in columns]) for row in part)


async def json_of(columns: Sequence[str], parts: AsyncIterator[list[Row]]) -> AsyncIterator[str]:
    before = "[\n"
    async for part in parts:
        yield before + ",\n".join(json.dumps({name: row[name] for name in columns}) for row in part)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def cell(value: object) -> str:
    """As a spreadsheet may have it: a text that it would take for a formula begins with an apostrophe.

    Source: OWASP, CSV Injection.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
