"""R-SECRET, S10: a secret that an admin types comes out nowhere but at its receiver."""

from __future__ import annotations

import json
import logging
from html import unescape
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import AsyncClient, Client

from apps.alerts.models import Channel, Delivery, Rule
from apps.alerts.sending import send_due
from apps.audit.models import Entry
from tests.alerts.conftest import NOW, looks, rule

CANARY = "c4n4ry"
SENT = {
    "name": "Ops", "kind": "webhook", "least": "info", "enabled": "on",
    "sealed_address": f"https://127.0.0.1/{CANARY}-address", "sealed_signing_key": f"{CANARY}-signing-key",
}  # fmt: skip
LISTS = ("channel", "delivery", "alert", "rule")

__all__ = ["rule"]


def dump() -> str:
    """Every row of every table, as the database holds it."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 -- the schema's own names
            rows += [f"{table} {row}" for row in cursor.fetchall()]
    return "\n".join(rows)


def test_what_is_typed_once_is_shown_nowhere_again(
    rule: Rule, admin_client: Client, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    admin_client.post("/admin/alerts/channel/add/", SENT)
    channel = Channel.objects.get()
    change = f"/admin/alerts/channel/{channel.pk}/change/"
    looks(6)
    send_due(NOW)  # refused: an address of this network
    wrong = {**SENT, "sealed_address": f"ftp://{CANARY}.example.com/", "sealed_signing_key": CANARY}
    chosen = {"action": "send_a_test", "_selected_action": [channel.pk]}
    pages = [
        admin_client.post(change, wrong),
        admin_client.post(change, {**SENT, "sealed_address": "", "sealed_signing_key": "", "name": "Renamed"}),
        admin_client.post("/admin/alerts/channel/", chosen, follow=True),
        *(admin_client.get(f"/admin/alerts/{name}/") for name in LISTS),
        *(admin_client.get(path) for path in (change, f"/admin/alerts/channel/{channel.pk}/history/", "/admin/")),
        *(admin_client.get(path) for path in ("/ops/", "/status/")),
        *(async_to_sync(AsyncClient().get)(path) for path in ("/api", "/health")),
    ]  # fmt: skip
    said = {
        "pages": "".join(unescape(page.content.decode()) for page in pages),
        "log": caplog.text + "".join(str(vars(record)) for record in caplog.records),
        "tables": dump(),
        "audit": json.dumps([*Entry.objects.values_list("facts", flat=True)]) + repr(list(LogEntry.objects.values())),
    }

    assert {page.status_code for page in pages} == {200, 302, 503}  # no desk has run, says /health
    assert Channel.objects.get(name="Renamed").sealed_address == SENT["sealed_address"]
    assert Delivery.objects.get().state == "dead"
    assert {where: CANARY in text for where, text in said.items()} == dict.fromkeys(said, False)
    assert "set, ends in …ress" in said["pages"]
