"""R-ORDER: a second order on the ticket, on both pages, in the list, in toasts and in exports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from apps.desk.quote import Quote
from apps.live.models import Event
from apps.live.toasts import draw_toast
from apps.portfolio.models import Account
from apps.trades import filling
from apps.trades.export import order_rows
from apps.trades.models import Order

from .http import FIELDS, HTMX, JSON

pytestmark = pytest.mark.django_db
THEN = {"then_side": "sell", "then_quantity": "10", "then_order_type": "limit", "then_limit_price": "155.00"}
ANY_TIME = "Time in force must be day, gtc, gtd, ioc, fok, opg or cls"
SOME = "Quantity must be more than 0"
BOTH = {**FIELDS, **THEN}


def said(html: str) -> str:
    return " ".join(html.split())


def test_answer_tells_the_second_order_and_is_the_same_when_sent_again(desk: Client) -> None:
    first, again = (desk.post("/orders/", BOTH, headers=JSON) for _ in range(2))
    read = desk.get(f"/orders/{first.json()['id']}/", headers=JSON)

    then = first.json()["then"]
    assert (first.status_code, again.status_code, Order.objects.count()) == (201, 200, 2)
    assert first.json() == again.json() == read.json()
    assert (then["status"], then["side"], then["symbol"], then["quantity"], then["limit_price"]) == (
        "held",
        "sell",
        "AAPL",
        "10",
        "155",
    )
    assert (then["after_id"], then["time_in_force"], then["then"]) == (first.json()["id"], "day", None)


def test_by_json_body_it_is_the_same(desk: Client) -> None:
    answer = desk.post("/orders/", {**BOTH, "then_quantity": 10}, content_type="application/json", headers=JSON)

    assert (answer.status_code, answer.json()["then"]["quantity"]) == (201, "10")


def test_pages_and_list_lead_from_each_to_the_other(desk: Client) -> None:
    desk.post("/orders/", {**BOTH, "then_symbol": "msft"})
    first = Order.objects.get(after=None)
    second = Order.objects.get(after=first)

    pages = [said(desk.get(f"/orders/{order.pk}/").content.decode()) for order in (first, second)]
    rows = said(desk.get("/orders/").content.decode())

    assert f'<a href="/orders/{second.pk}/">Sell 10 MSFT</a> <small>155.00</small>' in pages[0]
    assert 'data-status="held">Waiting</span>' in pages[0]
    assert f'<dt>After</dt><dd><a href="/orders/{first.pk}/">the order before it</a>' in pages[1]
    assert "It waits until the order before it is filled." in pages[1]
    assert "then Sell 10 MSFT</span>" in rows
    assert "second of two</span>" in rows


def test_a_page_of_one_follows_what_becomes_of_the_other(
    desk: Client, quote: Callable[..., Quote], now: datetime
) -> None:
    """R-TABS"""
    desk.post("/orders/", BOTH)
    first = Order.objects.get(after=None)

    filling.match_symbol("AAPL", quote("149.40", "149.50"), None, now)

    begun = Event.objects.filter(kind="order.accepted").latest("pk")
    assert {f"order/{first.pk}", f"order/{first.then.pk}"} <= set(begun.topics)
    assert 'data-status="new">Working</span>' in said(desk.get(f"/orders/{first.pk}/").content.decode())


def test_toasts_say_what_follows_that_it_works_and_why_it_does_not(
    desk: Client, quote: Callable[..., Quote], now: datetime
) -> None:
    """R-TOAST"""
    desk.post("/orders/", BOTH)
    desk.post("/orders/", {**BOTH, "client_order_id": "two", "then_quantity": "11"})
    filling.match_symbol("AAPL", quote("149.40", "149.50"), None, now)

    toasts = [said(draw_toast(event)) for event in Event.objects.filter(kind__startswith="order.").order_by("pk")]
    words = [toast.partition("<strong>")[2].partition("</a>")[0].replace("</strong>", "") for toast in toasts]
    assert words == [
        "Buy 10 AAPL working at 149.50 or better, then Sell 10 AAPL",
        "Buy 10 AAPL working at 149.50 or better, then Sell 11 AAPL",
        "Buy 10 AAPL filled at 149.50",
        "Sell 10 AAPL working at 155.00 or better",
        "Buy 10 AAPL filled at 149.50",
        "Sell 11 AAPL rejected. Sells 11; 10 AAPL available (10 held for working sells)",
    ]


def test_export_names_the_order_before_it(desk: Client) -> None:
    desk.post("/orders/", BOTH)
    first = Order.objects.get(after=None)

    assert {(row["id"], row["after_id"]) for row in order_rows(Order.objects.all())} == {
        (str(first.pk), None),
        (str(first.then.pk), str(first.pk)),
    }


# What is wrong with it


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"then_quantity": ""}, {"then_quantity": "Quantity is required, such as 10"}),
        ({"then_quantity": "1.5"}, {"then_quantity": "Quantity must be a whole number of shares"}),
        ({"then_side": ""}, {"then_side": "Side must be buy or sell"}),
        ({"then_symbol": "NOPE"}, {"then_symbol": "Symbol NOPE is not known here: choose one from the search"}),
        ({"symbol": "NOPE"}, {"symbol": "Symbol NOPE is not known here: choose one from the search"}),
        ({"then_limit_price": ""}, {"then_limit_price": "Limit price is required for a limit order"}),
        ({"then_limit_price": "1.005"}, {"then_limit_price": "Limit price must be a multiple of 0.01"}),
        ({"then_stop_price": "1"}, {"then_stop_price": "Stop price must be empty: a limit order takes none"}),
        (
            {"then_order_type": "iceberg"},
            {"then_order_type": "Order type must be market, limit, stop, stop_limit or trailing_stop"},
        ),
        (
            {"then_time_in_force": "week"},
            {"then_time_in_force": ANY_TIME},
        ),
        ({"then_time_in_force": "cls"}, {"then_time_in_force": "AAPL trades around the clock: it has no close"}),
        (
            {"then_time_in_force": "gtd", "then_expires_at": "2020-01-31T16:00"},
            {"then_expires_at": "Good till must be later than now and within 366 days"},
        ),
        (
            {"then_extended_hours": "on"},
            {"then_extended_hours": "AAPL trades around the clock: it has no extended hours"},
        ),
        (
            {"quantity": "0", "then_quantity": "0"},
            dict.fromkeys(("quantity", "then_quantity"), SOME),
        ),
        (
            {"oco_stop": "145.00"},
            {"oco_stop": "Stop of an OCO must be empty where a second order follows the first"},
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_field(desk: Client, fields: dict[str, str], errors: dict[str, str]) -> None:
    answer = desk.post("/orders/", {**BOTH, **fields}, headers=JSON)

    assert (answer.status_code, answer.json()["errors"]) == (422, {name: [words] for name, words in errors.items()})
    assert not Order.objects.exists()


def test_a_side_or_a_quantity_alone_is_no_second_order_and_says_so(desk: Client) -> None:
    alone = desk.post("/orders/", {**FIELDS, "then_side": "sell"}, headers=JSON)
    none = desk.post("/orders/", {**FIELDS, "then_side": "", "then_order_type": ""}, headers=JSON)

    assert alone.json() == {"errors": {"then_quantity": ["Quantity is required, such as 10"]}}
    assert (none.status_code, none.json()["then"]) == (201, None)


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_ticket_comes_back_open_with_the_words_beside_the_field(desk: Client, headers: dict[str, str]) -> None:
    """With JavaScript and without."""
    answer = desk.post("/orders/", {**BOTH, "then_limit_price": "1.005"}, headers=headers)

    page = said(answer.content.decode())
    section = page.partition("<summary>Then: a second order</summary>")
    assert answer.status_code == 422
    assert section[0].endswith('<details class="field span exits" open> ')
    assert 'id="ticket-then_limit_price-error">Limit price must be a multiple of 0.01' in section[2]
    assert 'name="then_quantity" value="10"' in section[2]
    assert '<option value="limit" selected>Limit</option>' in section[2]


def test_ticket_without_javascript_sends_both(desk: Client) -> None:
    page = said(desk.get("/orders/ticket/").content.decode())
    answer = desk.post("/orders/", {**BOTH, "then_symbol": "", "then_trail_amount": ""})

    assert '<details class="field span exits"> <summary>Then: a second order' in page
    assert (answer.status_code, Order.objects.count()) == (302, 2)


def test_estimate_says_what_a_second_order_can_never_be(desk: Client, account: Account, settings: Any) -> None:
    answer = desk.get("/orders/ticket/", {**BOTH, "then_time_in_force": "opg"}, headers=HTMX)

    assert "AAPL trades around the clock: it has no open" in answer.content.decode()
