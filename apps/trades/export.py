"""Orders as CSV, streamed: the size of an account's history costs no memory."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from .models import Order
from .queries import order_facts

COLUMNS = (
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
    "status",
    "cum_qty",
    "leaves_qty",
    "avg_px",
    "reason",
    "created_at",
    "updated_at",
)


class Echo:
    """csv writes to it and gets the line back."""

    def write(self, line: str) -> str:
        return line


def csv_of(orders: QuerySet[Order]) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        lines_of(orders),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="orders.csv"'},
    )


async def lines_of(orders: QuerySet[Order]) -> AsyncIterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(COLUMNS)
    async for order in orders.aiterator(chunk_size=500):
        facts = order_facts(order, ())
        yield writer.writerow([facts[name] for name in COLUMNS])
