"""The list, one order, cancelling, the export and the estimate; others' orders are 404."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from apps.desk.quote import Quote
from apps.portfolio.models import Account
from apps.portfolio.services import open_account
from apps.trades import filling
from apps.trades.models import Order

from .http import FIELDS, HTMX, JSON, sign_in

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]


@pytest.mark.parametrize("path", ["/orders/{}/cancel/", "/orders/export.csv"])
def test_wrong_method_is_405(desk: Client, path: str, placed: Place) -> None:
    path = path.format(placed("buy 1 AAPL limit 100").pk)
    wrong = desk.get if path.endswith("cancel/") else desk.post

    assert wrong(path).status_code == 405
    assert desk.put("/orders/").status_code == 405


def test_order_page_and_json_show_the_fills(desk: Client, held: Order) -> None:
    data = desk.get(f"/orders/{held.pk}/", headers=JSON).json()
    page = desk.get(f"/orders/{held.pk}/").content.decode()

    assert data["status"] == "filled"
    assert [(fill["last_qty"], fill["last_px"], fill["commission"]) for fill in data["fills"]] == [
        ("100", "150.01", "1.00")
    ]
    assert f'id="order-{held.pk}"' in page


def test_cancel_for_json_gives_the_order_back(desk: Client, placed: Place) -> None:
    order = placed("buy 1 AAPL limit 100")

    answer = desk.post(f"/orders/{order.pk}/cancel/", headers=JSON)

    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")


def test_cancel_of_a_closed_order_is_refused(desk: Client, held: Order) -> None:
    answer = desk.post(f"/orders/{held.pk}/cancel/", headers=JSON)

    assert (answer.status_code, answer.json()) == (
        422,
        {"errors": {"status": ["The order is filled already; nothing is left to cancel"]}},
    )


def test_cancel_of_a_closed_order_by_htmx_says_why_in_a_toast(desk: Client, held: Order) -> None:
    answer = desk.post(f"/orders/{held.pk}/cancel/", headers=HTMX)

    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (422, "#toasts", "afterbegin")
    assert "The order is filled already; nothing is left to cancel" in answer.content.decode()


def test_cancel_by_htmx_answers_the_working_orders(desk: Client, placed: Place, account: Account) -> None:
    order = placed("buy 1 AAPL limit 100")

    answer = desk.post(f"/orders/{order.pk}/cancel/", headers=HTMX)

    assert answer.status_code == 200
    assert answer.content.decode().startswith(f'<section id="orders-{account.pk}"')
    assert str(order.pk) not in answer.content.decode()


def test_cancel_by_plain_form_redirects_with_a_message(desk: Client, placed: Place) -> None:
    order = placed("buy 1 AAPL limit 100")

    answer = desk.post(f"/orders/{order.pk}/cancel/", follow=True)

    assert "Cancelled: Buy 1 AAPL." in answer.content.decode()


def test_cancel_of_a_closed_order_by_plain_form_is_a_page_that_says_why(desk: Client, held: Order) -> None:
    answer = desk.post(f"/orders/{held.pk}/cancel/")

    assert answer.status_code == 422
    assert "The order is filled already; nothing is left to cancel" in answer.content.decode()
    assert 'href="/orders/"' in answer.content.decode()


def test_foreign_order_is_404(placed: Place, bob: Any, charlie: Any) -> None:
    """R-AUTH"""
    order = placed("buy 1 AAPL limit 100")
    open_account(bob, Decimal(1000))

    for user in (bob, charlie):
        client = sign_in(user)
        for path in (f"/orders/{order.pk}/", f"/orders/{uuid.uuid4()}/"):
            assert client.get(path).status_code == 404
            assert client.get(path, headers=JSON).status_code == 404
            assert client.post(f"{path}cancel/", headers=JSON).status_code == 404
        assert client.get("/live/poll/trades/", {"order": str(order.pk)}).status_code in {404, 200}
        assert str(order.pk) not in client.get("/orders/").content.decode()
    order.refresh_from_db()
    assert order.status == "new"


def test_list_has_tabs_and_filters(desk: Client, held: Order, placed: Place) -> None:
    working = placed("buy 1 AAPL limit 100")

    def shown(query: str) -> list[bool]:
        page = desk.get(f"/orders/{query}").content.decode()
        return [f"row-{order.pk}" in page for order in (working, held)]

    assert shown("") == [True, False]
    assert shown("?tab=filled") == [False, True]
    assert shown("?tab=closed") == [False, False]
    assert shown("?tab=filled&symbol=aa&side=buy&status=filled") == [False, True]
    assert shown("?tab=filled&side=sell") == [False, False]
    assert shown("?symbol=MSFT") == [False, False]
    assert desk.get("/orders/?tab=nonsense").status_code == 404


def test_list_pages_through_many(desk: Client, account: Account, held: Order) -> None:
    rows = [
        Order(**{name: getattr(held, name) for name in ("account", "instrument", "side", "order_type", "quantity")})
        for _ in range(60)
    ]
    for number, row in enumerate(rows):
        row.client_order_id, row.status = f"old-{number}", "expired"
        row.time_in_force, row.created_at, row.updated_at = "day", held.created_at, held.updated_at
    Order.objects.bulk_create(rows)

    pages = [desk.get(f"/orders/?tab=closed&page={number}").content.decode() for number in (1, 2)]

    assert [page.count('<tr id="row-') for page in pages] == [50, 10]
    assert "Page 2 of 2" in pages[1]


def test_list_takes_as_many_queries_for_many_as_for_few(
    desk: Client, placed: Place, quote: Callable[..., Quote], now: datetime
) -> None:
    def queries_with(orders: int) -> int:
        for _ in range(orders):
            placed("buy 1 AAPL")
        filling.match_symbol("AAPL", quote(), None, now)
        for _ in range(orders):
            placed("buy 1 AAPL limit 100")
        with CaptureQueriesContext(connection) as queries:
            desk.get("/orders/")
        return len(queries)

    queries_with(1)  # what a process reads once

    assert queries_with(1) == queries_with(3)


@pytest.mark.django_db(transaction=True)
async def test_export_streams_what_the_filter_finds(account: Account, alice: Any, placed: Place) -> None:
    client = AsyncClient()
    await client.aforce_login(alice)

    answer = await client.get("/orders/export.csv?tab=working")

    lines = b"".join([part async for part in answer]).decode().splitlines()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [line.split(",")[2:7] for line in lines] == [["symbol", "side", "order_type", "time_in_force", "quantity"]]


def test_estimate_says_cost_fee_and_what_is_left(desk: Client) -> None:
    answer = desk.get("/orders/ticket/", FIELDS, headers=HTMX)

    page = answer.content.decode()
    assert page.startswith('<div id="ticket-estimate"')
    assert all(figure in page for figure in ("1,495.00", "1.00", "98,504.00"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"quantity": "5000"}, "Needs 747,525.00 USD; 100,000.00 available"),
        ({"side": "sell"}, "Sells 10; 0 AAPL available"),
        ({"limit_price": "149.505"}, "Limit price must be a multiple of 0.01"),
    ],
)
def test_estimate_says_what_would_refuse(desk: Client, fields: dict[str, str], words: str) -> None:
    """R-RISK"""
    answer = desk.get("/orders/ticket/", {**FIELDS, **fields}, headers=HTMX)

    assert words in answer.content.decode()


@pytest.mark.parametrize("missing", ["symbol", "quantity", "limit_price"])
def test_estimate_of_an_unfinished_ticket_blames_nobody(desk: Client, missing: str) -> None:
    page = desk.get("/orders/ticket/", {**FIELDS, missing: ""}, headers=HTMX).content.decode()

    assert "error" not in page
    assert "<dd>—</dd>" in page


def test_ticket_page_is_filled_in_from_the_query(desk: Client) -> None:
    """R-NOJS"""
    page = desk.get("/orders/ticket/?symbol=MSFT&side=sell").content.decode()

    assert 'value="MSFT"' in page
    assert 'value="sell" checked' in page


def test_desk_begins_with_the_side_that_a_key_chose_elsewhere(desk: Client) -> None:
    pages = [desk.get(f"/?symbol=AAPL{side}").content.decode() for side in ("", "&side=sell")]

    assert ['value="sell" checked' in page for page in pages] == [False, True]
