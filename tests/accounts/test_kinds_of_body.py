"""A body that is neither a form nor JSON is refused at every address, before anything reads it as empty."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

import pytest
from django.test import AsyncClient, Client

from apps.portfolio.services import open_account
from apps.trades.models import Order
from config.errors import KINDS

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
ORDER = '{"symbol": "AAPL", "side": "buy", "order_type": "market", "quantity": "1"}'
TAKEN = (
    "Send a form (application/x-www-form-urlencoded or multipart/form-data) or, where the address takes it, "
    "JSON (application/json). Nothing was changed."
)


@pytest.fixture
def trader(client: Client, alice: Any) -> Client:
    open_account(alice, Decimal(100_000))
    client.force_login(alice)
    return client


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text/xml", "The body is text/xml"),
        ("text/plain; charset=utf-8", "The body is text/plain"),
        ("application/problem+json", "The body is application/problem+json"),
        ("application/octet-stream", "The body is application/octet-stream"),
        ("x" * 200, f"The body is {'x' * 80}"),
        ("", "The body has no Content-Type"),
    ],
)
def test_another_kind_is_415_and_says_what_is_taken(trader: Client, kind: str, said: str) -> None:
    """R-API"""
    answer = trader.generic("POST", "/orders/", ORDER, content_type=kind, headers=JSON)

    assert (answer.status_code, answer.json()) == (415, {"error": "Not in that form", "detail": f"{said}. {TAKEN}"})
    assert answer["Accept"] == ", ".join(KINDS)
    assert Order.objects.count() == 0


def test_a_browser_gets_a_page_of_it_and_a_name_of_the_kind_is_text(trader: Client) -> None:
    answer = trader.generic("POST", "/alerts/settings/", "way=page", content_type="text/<b>")

    assert (answer.status_code, answer["Content-Type"]) == (415, "text/html; charset=utf-8")
    assert "The body is text/&lt;b&gt;. Send a form" in answer.content.decode()


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_read_whatever_else_its_name_says(trader: Client, kind: str) -> None:
    answer = trader.generic("POST", "/orders/", ORDER, content_type=kind, headers=JSON)

    assert (answer.status_code, "body" in answer.json()["errors"]) == (422, False)


def test_no_body_is_of_no_kind(trader: Client) -> None:
    assert trader.generic("POST", "/orders/cancel/", "", content_type="text/xml", headers=JSON).status_code == 200


def test_it_is_so_in_chunks(trader: Client) -> None:
    chunked = trader.generic(
        "POST", "/orders/", ORDER, content_type="text/xml", headers={**JSON, "transfer-encoding": "chunked"}
    )

    assert chunked.status_code == 415


async def test_it_is_so_under_asgi(async_client: AsyncClient) -> None:
    answer = await async_client.post("/orders/", ORDER, content_type="text/xml", headers=JSON)

    assert answer.status_code == 415


def test_it_is_no_fault(trader: Client, caplog: pytest.LogCaptureFixture) -> None:
    trader.generic("POST", "/orders/", ORDER, content_type="text/xml", headers=JSON)

    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
