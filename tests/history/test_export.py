"""A tab of the history as a file: what is in it, and whose it is."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.history.models import TradeNote
from apps.portfolio.models import Account
from apps.portfolio.services import deposit
from apps.trades.models import Fill, Order
from apps.trades.queries import order_facts
from tests.trades.http import JSON

from .conftest import Trade
from .exported import TABS, answer_of, body, csv_rows, json_rows

PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def test_orders_have_in_a_file_what_they_have_elsewhere(account: Account, alice: Any) -> None:
    first, second = Order.objects.order_by("created_at")[:2]
    whose = {"parent": first, "oco": first.pk, "notional": Decimal("500.00"), "effect": "close"}
    Order.objects.filter(pk=second.pk).update(session_date=first.created_at.date(), **whose)

    rows = json_rows(alice, "tab=orders")

    facts = [order_facts(order, ()) for order in Order.objects.order_by("created_at", "pk")]
    apart = {"fills", "then", "extended_hours"}
    assert [{name: row[name] for name in row.keys() - apart} for row in rows] == [
        {name: fact[name] for name in fact.keys() - apart} for fact in facts
    ]
    assert rows[1]["parent_id"] == rows[1]["oco"] == rows[0]["id"]


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
        "note": "",
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


def test_note_and_tags_are_in_the_file_of_the_trade_they_are_on(account: Account, alice: Any) -> None:
    """Also a text that is a line of its own, and one that a spreadsheet would work out."""
    first, second, _ = csv_rows(alice, "tab=trades")
    for row, note in ((first, "Waited for\nthe dip"), (second, "=1+1")):
        of = {"account": account, "opened_by": row["opened_by"], "updated_at": row["closed_at"]}
        TradeNote.objects.create(**of, note=note, tags="swing,earnings week")

    table, data = csv_rows(alice, "tab=trades"), json_rows(alice, "tab=trades")

    assert [row["note"] for row in table] == ["Waited for\nthe dip", "'=1+1", ""]
    assert [row["note"] for row in data] == ["Waited for\nthe dip", "=1+1", ""]
    assert [row["tags"] for row in data] == ["swing, earnings week", "swing, earnings week", ""]


def test_fill_has_the_quote_the_policy_and_the_seed_that_made_it(account: Account, alice: Any) -> None:
    """What was imported met no quote."""
    sizes = {"bid_size": Decimal(300), "ask_size": Decimal("0.5"), "last": Decimal("9.995")}
    first, second = Fill.objects.order_by("pk")[:2]
    Fill.objects.filter(pk=first.pk).update(**sizes, policy="touch, slips 2 bps (seed 7)", seed=7, quote_age_ms=250)
    Fill.objects.filter(pk=second.pk).update(policy="imported", bid=None, ask=None)

    made, imported = csv_rows(alice, "tab=fills")[:2]

    names = ["policy", "seed", "quote_age_ms", "bid_size", "ask_size", "last"]
    assert list(made)[-6:] == names
    assert [made[name] for name in names] == ["touch, slips 2 bps (seed 7)", "7", "250", "300", "0.5", "9.995"]
    assert [imported[name] for name in names] == ["imported", "", "", "", "", ""]


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
