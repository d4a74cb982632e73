"""A file is read a part at a time: every row once and in order, and its size costs no memory."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from apps.history import exports
from apps.portfolio import closed
from apps.portfolio.models import Account, Journal, LedgerEntry, Lot
from apps.trades import export
from apps.trades.export import in_parts
from apps.trades.models import Fill, Order

from .conftest import Trade
from .exported import TABS, answer_of

SLACK = 200_000  # bytes; held at once, the rows that are more would take five times as much


@pytest.mark.parametrize("by", ["pk", "created_at"])
def test_parts_hold_every_row_once_and_in_order(account: Account, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several orders of one moment lie across the ends of parts."""
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    Order.objects.filter(pk__in=Order.objects.order_by("created_at")[1:6]).update(
        created_at=Order.objects.earliest("created_at").created_at
    )

    assert list(in_parts(Order.objects.all(), by=by)) == list(Order.objects.order_by(by, "pk"))


@pytest.mark.parametrize("by_ids", [False, True])
def test_row_that_comes_meanwhile_neither_repeats_nor_hides_one(
    account: Account, trade: Trade, monkeypatch: pytest.MonkeyPatch, by_ids: bool
) -> None:
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(export, "IDS_AT_ONCE", 3)
    rows = in_parts(Fill.objects.all(), read=Fill.objects.select_related("order") if by_ids else None)

    begun = [next(rows) for _ in range(2)]
    (new,) = trade(account, "sell 1 AAPL @ 10.00", day=4)

    assert [*begun, *rows] == [*Fill.objects.order_by("pk")]
    assert Fill.objects.latest("pk") == new


def copies(row: Model, times: int, **differing: str) -> None:
    """So many copies of a row; a column that differs is an SQL expression of the number `i`."""
    fields = [field for field in row._meta.concrete_fields if field.column in differing or not field.primary_key]
    names = ", ".join(field.column for field in fields)
    values = ", ".join(differing.get(field.column, field.column) for field in fields)
    table, key = row._meta.db_table, row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) "  # noqa: S608
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, n "
            f"WHERE {table}.{key.column} = %s ORDER BY i",
            [key.get_db_prep_value(row.pk, connection)],
        )


def grow(account: Account, tab: str, rows: int) -> None:
    if tab == "orders":
        order = Order.objects.filter(account=account).earliest("created_at")
        copies(order, rows, id="lower(hex(randomblob(16)))", client_order_id=f"'{rows}-' || i")
    elif tab == "fills":
        copies(Fill.objects.earliest("pk"), rows, exec_id=f"'{rows}-' || i")
    elif tab == "ledger":
        copies(LedgerEntry.objects.earliest("pk"), rows)
    elif tab == "lots":
        copies(Lot.objects.earliest("pk"), rows, exec_id=f"'{rows}-' || i")
    else:  # a buy and the sale of it
        journal = Journal.objects.filter(kind="buy").latest("pk")
        copies(
            journal,
            2 * rows,
            ref=f"'{rows}-' || i",
            kind="CASE i % 2 WHEN 1 THEN 'buy' ELSE 'sell' END",
            quantity=f"CASE i % 2 WHEN 1 THEN {10**8} ELSE -{10**8} END",
        )


async def peak(answer: Any) -> tuple[int, int]:
    """Lines, and the most memory (bytes) that was held at once while they were read and let go.

    Django's queries are cyclic: what waits for the collector is not held. Where parts are small it is
    collected before it is counted; among many rows it makes no difference.
    """
    lines = 0
    gc.collect()
    gc.freeze()
    tracemalloc.start()
    try:
        async for part in answer:
            lines += part.count(b"\n")
            if lines < 1_000:
                gc.collect()
        return lines, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.unfreeze()


def most_held(account: Account, alice: Any, tab: str, kind: str, few: int, many: int) -> tuple[int, int]:
    """The peaks of the export of few rows and of many."""
    url = f"/history/export.{kind}?tab={tab}"
    grow(account, tab, few)
    answer_of(alice, url, peak)  # what a process keeps for good
    lines, before = answer_of(alice, url, peak)
    grow(account, tab, many - few)
    more, after = answer_of(alice, url, peak)
    assert more - lines == many - few
    return before, after


def test_twenty_thousand_rows_take_no_more_memory_than_two_thousand(account: Account, alice: Any) -> None:
    before, after = most_held(account, alice, "fills", "csv", 2_000, 20_000)

    assert after < before + SLACK


@pytest.mark.parametrize(("tab", "kind"), [*((tab, "csv") for tab in TABS), ("ledger", "json")])
def test_ten_times_the_rows_take_no_more_memory(
    account: Account, alice: Any, trade: Trade, tab: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((export, "ROWS_AT_ONCE"), (exports, "ROWS_AT_ONCE"), (closed, "FILLS_AT_ONCE")):
        monkeypatch.setattr(module, name, 15)
    if tab != "lots":
        trade(account, "sell 5 AAPL @ 12.00; buy 1 MSFT @ 1.00; sell 1 MSFT @ 1.00", day=3)

    before, after = most_held(account, alice, tab, kind, 60, 600)

    assert after < before + SLACK
