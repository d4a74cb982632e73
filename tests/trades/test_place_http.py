"""Placing over HTTP: JSON, htmx and plain forms get the same answers, each in its own form."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.portfolio.models import Account
from apps.trades.models import Order

from .http import FIELDS, HTMX, JSON, sign_in

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]


@pytest.mark.parametrize("headers", [JSON, HTMX])
def test_an_order_costs_few_queries(desk: Client, headers: dict[str, str]) -> None:
    """On PostgreSQL one less: it moves the stream of events on and says to where in one statement."""
    desk.post("/orders/", {**FIELDS, "client_order_id": "warm"}, headers=headers)

    with CaptureQueriesContext(connection) as queries:
        desk.post("/orders/", FIELDS, headers=headers)

    asked = [each["sql"] for each in queries if each["sql"].split()[0] in {"SELECT", "INSERT", "UPDATE"}]
    assert len(asked) == 13
    assert len(queries) == 15  # and one transaction


def test_order_by_form_for_json_is_201_and_again_200(desk: Client) -> None:
    """R-ORDER"""
    first = desk.post("/orders/", FIELDS, headers=JSON)
    second = desk.post("/orders/", FIELDS, headers=JSON)

    order = Order.objects.get()
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json() == {
        "id": str(order.pk),
        "client_order_id": "one",
        "symbol": "AAPL",
        "currency": "USD",
        "side": "buy",
        "effect": "open",
        "order_type": "limit",
        "time_in_force": "day",
        "quantity": "10",
        "notional": None,
        "limit_price": "149.5",
        "stop_price": None,
        "trail_amount": None,
        "trail_percent": None,
        "stop_at": None,
        "take_profit": None,
        "stop_loss": None,
        "oco": None,
        "parent_id": None,
        "after_id": None,
        "extended_hours": False,
        "session_date": order.created_at.date().isoformat(),
        "expires_at": None,
        "status": "new",
        "cum_qty": "0",
        "leaves_qty": "10",
        "avg_px": None,
        "reason": "",
        "created_at": order.created_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "fills": [],
        "then": None,
    }


def test_order_by_json_body_keeps_numbers_exact(desk: Client) -> None:
    body = (
        '{"symbol":"AAPL","side":"buy","order_type":"limit","quantity":10,"limit_price":149.10,"client_order_id":"j"}'
    )

    answer = desk.post("/orders/", body, content_type="application/json", headers=JSON)

    assert (answer.status_code, Order.objects.get().limit_price) == (201, Decimal("149.10"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "The body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[1]", "The body must be a JSON object of texts"),
        ('"buy"', "The body must be a JSON object of texts"),
    ],
)
def test_malformed_json_is_400_and_names_the_body(desk: Client, body: str, words: str) -> None:
    answer = desk.post("/orders/", body, content_type="application/json", headers=JSON)

    assert (answer.status_code, answer.json()) == (400, {"errors": {"body": [words]}})


@pytest.mark.parametrize(
    ("value", "status", "named"),
    [
        ("NaN", 422, "quantity"),
        ("-Infinity", 422, "quantity"),
        ("1e400", 422, "quantity"),
        ("null", 422, "quantity"),
        ("true", 400, "body"),
        ("[10]", 400, "body"),
        ('{"a": 1}', 400, "body"),
    ],
)
def test_odd_json_values_are_named(desk: Client, value: str, status: int, named: str) -> None:
    body = json.dumps(FIELDS).replace('"10"', value)

    answer = desk.post("/orders/", body, content_type="application/json", headers=JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (status, [named])
    assert Order.objects.count() == 0


def test_null_price_in_json_is_no_price(desk: Client) -> None:
    body = {"symbol": "AAPL", "side": "buy", "order_type": "market", "quantity": 1, "limit_price": None}

    answer = desk.post("/orders/", body, content_type="application/json", headers=JSON)

    assert (answer.status_code, answer.json()["limit_price"]) == (201, None)


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_oversized_body_is_413(alice: Any, account: Account, kind: str) -> None:
    client = sign_in(alice)

    for headers in (JSON, HTMX, {}):
        answer = client.post("/orders/", "symbol=" + "x" * 70_000, content_type=kind, headers=headers)
        assert (answer.status_code, "64 kB" in answer.content.decode()) == (413, True)
    assert Order.objects.count() == 0


def test_large_file_beside_good_fields_is_413(desk: Client) -> None:
    """Django weighs the fields of a multipart body, and not its files."""
    with_file = {**FIELDS, "note": BytesIO(b"x" * 70_000)}

    assert desk.post("/orders/", with_file, headers=JSON).status_code == 413
    assert Order.objects.count() == 0


@pytest.mark.parametrize("headers", [JSON, HTMX, {}])
def test_half_a_surrogate_pair_is_400(desk: Client, headers: dict[str, str]) -> None:
    body = b'{"symbol": "\\ud800", "side": "buy", "order_type": "market", "quantity": "1"}'

    answer = desk.post("/orders/", body, content_type="application/json", headers=headers)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["body"])


def test_bad_fields_for_json_are_422_by_field(desk: Client) -> None:
    answer = desk.post("/orders/", {**FIELDS, "quantity": "0", "limit_price": "1.234"}, headers=JSON)

    assert (answer.status_code, answer.json()) == (
        422,
        {
            "errors": {
                "quantity": ["Quantity must be more than 0"],
                "limit_price": ["Limit price must be a multiple of 0.01"],
            }
        },
    )


def test_order_by_htmx_answers_a_fresh_ticket(desk: Client) -> None:
    answer = desk.post("/orders/", FIELDS, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.startswith('<form id="ticket"')
    assert "Sent: " in page and "Buy 10 AAPL" in page
    assert 'value="one"' not in page


def test_bad_fields_for_htmx_keep_what_was_typed_and_the_id(desk: Client) -> None:
    answer = desk.post("/orders/", {**FIELDS, "limit_price": "1.234"}, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="ticket-limit_price-error">Limit price must be a multiple of 0.01<' in page
    assert 'value="1.234" inputmode="decimal" autocomplete="off" maxlength="24" aria-invalid="true"' in page
    assert 'name="client_order_id" value="one"' in page


def test_used_id_for_htmx_is_replaced(desk: Client) -> None:
    """Who changed the ticket after an answer was lost can send again, and is told that an order exists."""
    desk.post("/orders/", FIELDS, headers=JSON)

    answer = desk.post("/orders/", {**FIELDS, "quantity": "20"}, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Client order id already names another order; send a new one" in page
    assert 'name="client_order_id" value="one"' not in page


def test_order_by_plain_form_redirects_with_a_message(desk: Client) -> None:
    """R-NOJS"""
    answer = desk.post("/orders/", FIELDS, follow=True)

    assert answer.redirect_chain == [("/orders/", 302)]
    assert "Order sent: Buy 10 AAPL." in answer.content.decode()


def test_bad_fields_by_plain_form_show_the_ticket_again(desk: Client) -> None:
    """R-NOJS"""
    answer = desk.post("/orders/", {**FIELDS, "symbol": "NOPE"})

    assert answer.status_code == 422
    assert "Symbol NOPE is not known here" in answer.content.decode()
    assert "<h1" in answer.content.decode()


def test_markup_in_a_field_stays_text(desk: Client) -> None:
    answer = desk.post("/orders/", {**FIELDS, "symbol": "<img src=x>"}, headers=HTMX)

    assert "<img" not in answer.content.decode()


def test_without_account_the_order_is_422(charlie: Any, account: Account) -> None:
    answer = sign_in(charlie).post("/orders/", FIELDS, headers=JSON)

    assert (answer.status_code, answer.json()) == (
        422,
        {"errors": {"account": ["You have no account yet; an admin can open one"]}},
    )


def test_signed_out_is_401_for_json_and_the_way_in_for_others(account: Account) -> None:
    client = Client()

    assert client.post("/orders/", FIELDS, headers=JSON).status_code == 401
    assert client.post("/orders/", FIELDS, headers=HTMX)["HX-Redirect"] == "/accounts/login/"
    assert client.get("/orders/")["Location"] == "/accounts/login/?next=/orders/"
    assert Order.objects.count() == 0


def test_without_csrf_token_the_order_is_403(alice: Any, account: Account) -> None:
    client = sign_in(alice, enforce_csrf_checks=True)

    assert client.post("/orders/", FIELDS, headers=JSON).status_code == 403
    assert Order.objects.count() == 0
