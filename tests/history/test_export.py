"""A tab of the history as a file: what is in it, whose it is, and that its size costs no memory."""

from __future__ import annotations

import csv
import gc
import json
import re
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.db.models import Model
from django.test import AsyncClient, Client

from apps.history import exports
from apps.portfolio import closed
from apps.portfolio.models import Account, Journal, LedgerEntry
from apps.portfolio.services import deposit
from apps.trades import export
from apps.trades.export import in_parts
from apps.trades.models import Fill, Order
from tests.trades.http import JSON

from .conftest import Trade

TABS = {"trades": 3, "orders": 7, "fills": 7, "ledger": 23}
SLACK = 200_000  # bytes; held at once, the rows that are more would take five times as much
PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@async_to_sync
async def answer_of(user: Any, url: str, read: Callable[[Any], Any]) -> Any:
    """What `read` makes of the answer, as an ASGI server gets it."""
    client = AsyncClient()
    await client.aforce_login(user)
    return await read(await client.get(url, headers={"accept-encoding": "gzip"}))


async def body(answer: Any) -> str:
    assert answer.status_code == 200
    return b"".join([part async for part in answer]).decode()


def csv_rows(user: Any, query: str, path: str = "/history/export.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(answer_of(user, f"{path}?{query}", body).splitlines()))


def json_rows(user: Any, query: str) -> list[dict[str, Any]]:
    rows = json.loads(answer_of(user, f"/history/export.json?{query}", body))
    assert isinstance(rows, list)
    return rows


def test_trades_as_csv_oldest_first(account: Account, alice: Any) -> None:
    first, *rest = csv_rows(alice, "tab=trades")

    assert ([row["net_pnl"] for row in rest], first.pop("direction")) == (["-12.00", "30.00"], "long")
    fills = list(Fill.objects.order_by("id").values_list("exec_id", flat=True))
    assert first == {
        "symbol": "AAPL",
        "currency": "USD",
        "quantity": "100",
        "opened_at": "2026-03-02T15:00:00+00:00",
        "entry_price": "10",
        "closed_at": "2026-03-02T15:00:01+00:00",
        "exit_price": "12",
        "held_seconds": "1",
        "gross_pnl": "200.00",
        "commission": "2.00",
        "net_pnl": "198.00",
        "return": "0.198",
        "stop_loss": "9",
        "risk": "100.00",
        "r_multiple": "1.98",
        "opened_by": fills[0],
        "closed_by": fills[1],
        "tags": "",
    }


@pytest.mark.parametrize("tab", TABS)
def test_json_and_csv_hold_the_same_in_plain_words(account: Account, alice: Any, tab: str) -> None:
    table, data = csv_rows(alice, f"tab={tab}"), json_rows(alice, f"tab={tab}")

    assert [{name: value or "" for name, value in row.items()} for row in data] == table
    assert len(data) == TABS[tab]
    for row in data:
        for name, value in row.items():
            if name.endswith("at") and value is not None:
                assert datetime.fromisoformat(value).utcoffset() == timedelta()
            elif re.search(r"qty|quantity|price|px|pnl|commission|amount|risk|return|multiple", name) and value:
                assert PLAIN.fullmatch(value), (name, value)


def test_file_has_a_name_and_a_type(account: Account, alice: Any) -> None:
    async def head(answer: Any) -> tuple[str, str]:
        return answer["Content-Type"], answer["Content-Disposition"]

    assert answer_of(alice, "/history/export.csv?tab=fills", head) == (
        "text/csv; charset=utf-8",
        'attachment; filename="fills.csv"',
    )
    assert answer_of(alice, "/history/export.json", head) == (
        "application/json",
        'attachment; filename="trades.json"',
    )


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("tab=trades&symbol=MSFT", 1),
        ("tab=trades&from=2026-03-03", 2),
        ("tab=orders&symbol=AAPL&side=buy", 3),
        ("tab=fills&side=sell&to=2026-03-02", 1),
        ("tab=ledger&symbol=MSFT", 7),
        ("tab=fills&from=2030-01-01", 0),
    ],
)
def test_filters_are_those_of_the_page(account: Account, alice: Any, query: str, rows: int) -> None:
    assert (len(json_rows(alice, query)), len(csv_rows(alice, query))) == (rows, rows)


def test_bookings_of_the_ledger_sum_to_zero(account: Account, alice: Any) -> None:
    sums: dict[str, Decimal] = {}
    for row in json_rows(alice, "tab=ledger"):
        sums[row["ref"]] = sums.get(row["ref"], Decimal(0)) + Decimal(row["amount"])

    assert (len(sums), set(sums.values())) == (8, {Decimal(0)})


@pytest.mark.parametrize("tab", TABS)
def test_export_is_its_owners(account: Account, alice: Any, bobs: Account, bob: Any, tab: str) -> None:
    """R-AUTH"""
    query = f"tab={tab}&account={account.pk}"

    theirs, ours = json_rows(bob, query), json_rows(alice, query)

    assert {row["symbol"] for row in theirs} <= {"MSFT", None}
    assert len(ours) == TABS[tab]
    assert [row for row in theirs if row in ours] == []


def test_export_of_who_has_no_account_or_is_not_signed_in(client: Client, account: Account, charlie: Any) -> None:
    assert client.get("/history/export.csv").status_code == 302
    client.force_login(charlie)
    assert [client.get("/history/export.csv").status_code, client.post("/history/export.csv").status_code] == [
        404,
        405,
    ]


def test_wrong_filter_exports_nothing(desk: Client) -> None:
    query = {"tab": "fills", "from": "2026-03-05", "to": "yesterday"}
    words = "To must be a day as year-month-day, such as 2026-03-31"

    page = desk.get("/history/export.csv", query)
    data = [desk.get("/history/export.json", query), desk.get("/history/export.csv", query, headers=JSON)]

    assert (page.status_code, words in page.content.decode()) == (400, True)
    assert [(each.status_code, each.json()) for each in data] == [(400, {"errors": {"to": [words]}})] * 2
    assert desk.get("/history/export.csv", {"tab": "gossip"}).status_code == 404


@pytest.mark.parametrize("text", ["=HYPERLINK(A1)", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_work_out_is_kept_from_it(
    account: Account, alice: Any, trade: Trade, text: str
) -> None:
    trade(account, "buy 1 AAPL @ 10.00", day=3, reason=text)
    deposit(account, Decimal(5), "gift", text)

    assert answer_of(alice, "/history/export.csv?tab=orders", body).count("'" + text) == 1
    assert answer_of(alice, "/orders/export.csv?tab=filled", body).count("'" + text) == 1
    assert answer_of(alice, "/history/export.csv?tab=ledger", body).count("'" + text) == 2
    assert json_rows(alice, "tab=orders")[-1]["reason"] == text


def test_export_of_the_orders_page_is_the_same_file(account: Account, alice: Any) -> None:
    everything = csv_rows(alice, "tab=orders")

    assert csv_rows(alice, "tab=filled", "/orders/export.csv") == everything
    assert csv_rows(alice, "tab=filled&side=sell", "/orders/export.csv") == everything[1:6:2]


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
    trade(account, "sell 5 AAPL @ 12.00; buy 1 MSFT @ 1.00; sell 1 MSFT @ 1.00", day=3)

    before, after = most_held(account, alice, tab, kind, 60, 600)

    assert after < before + SLACK
