"""What a rule refuses in the middle is undone whole, the refusal is kept; a retry is known whatever came between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.models import MarketState
from apps.portfolio.models import Account
from apps.risk.models import RiskLimits
from apps.trades import filling, services
from apps.trades.models import Order
from apps.trades.ticket import Placed, Refused

from .http import FIELDS, JSON

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]


def denied() -> list[tuple[str, str, str]]:
    events = Event.objects.filter(kind="order.denied").order_by("pk")
    return [(each.facts["rule"], each.facts["side"], each.facts["quantity"]) for each in events]


def test_refused_change_leaves_the_order_and_its_refusal(desk: Client, account: Account, placed: Place) -> None:
    order = placed("buy 10 AAPL limit 140")
    before = Order.objects.values().get()

    answer = desk.post(f"/orders/{order.pk}/replace/", {"quantity": "900000"}, headers=JSON)

    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["quantity"])
    assert Order.objects.values().get() == before
    assert denied() == [("buying_power", "buy", "900000")]


def test_refused_close_leaves_every_order_and_its_refusal(
    held: Order, account: Account, placed: Place, now: datetime
) -> None:
    resting = placed("sell 40 AAPL limit 200")
    RiskLimits.objects.create(halted=True, halt_reason="Runaway orders")

    answer = services.close_position(account, "AAPL", "flat", now)

    assert answer == Refused({"account": "New orders are stopped for the whole desk: Runaway orders"})
    resting.refresh_from_db()
    assert (resting.status, denied()) == ("new", [("halted", "sell", "100")])


def test_closing_asks_every_rule_once(held: Order, account: Account, placed: Place, now: datetime) -> None:
    placed("sell 40 AAPL limit 200")
    RiskLimits.objects.create(orders_per_minute=9)

    with CaptureQueriesContext(connection) as asked:
        answer = services.close_position(account, "AAPL", "flat", now)

    assert isinstance(answer, Placed)
    assert sum(each["sql"].startswith('SELECT "risk_risklimits"') for each in asked.captured_queries) == 1


def test_order_sent_again_after_it_was_changed_is_the_same_order(desk: Client, account: Account) -> None:
    sent = desk.post("/orders/", FIELDS, headers=JSON).json()["id"]
    desk.post(f"/orders/{sent}/replace/", {"quantity": "7", "limit_price": "149.00"}, headers=JSON)

    again = desk.post("/orders/", FIELDS, headers=JSON)
    other = desk.post("/orders/", {**FIELDS, "quantity": "7", "limit_price": "149.00"}, headers=JSON)

    assert (again.status_code, again.json()["id"], again.json()["quantity"]) == (200, sent, "7")
    assert (other.status_code, list(other.json()["errors"])) == (422, ["client_order_id"])
    assert Order.objects.count() == 1


def test_order_of_before_fingerprints_is_known_by_its_terms(desk: Client, account: Account) -> None:
    sent = desk.post("/orders/", FIELDS, headers=JSON).json()["id"]
    Order.objects.update(asked="")

    again = desk.post("/orders/", FIELDS, headers=JSON)

    assert (again.status_code, again.json()["id"]) == (200, sent)


def test_closing_sent_again_after_it_was_filled_is_the_same_sale(
    desk: Client, held: Order, quote: Callable[..., Quote], now: datetime
) -> None:
    fields = {"symbol": "AAPL", "client_order_id": "flat"}
    first = desk.post("/orders/close/", fields, headers=JSON)
    filling.match_symbol("AAPL", quote(), None, now)

    again = desk.post("/orders/close/", fields, headers=JSON)

    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["id"], again.json()["status"]) == (first.json()["id"], "filled")


def test_closing_under_the_number_of_another_order_is_refused_and_cancels_nothing(
    held: Order, account: Account, placed: Place, now: datetime
) -> None:
    resting: Any = placed("sell 40 AAPL limit 200")

    answer = services.close_position(account, "AAPL", resting.client_order_id, now)

    assert isinstance(answer, Refused)
    resting.refresh_from_db()
    assert (resting.status, MarketState.objects.count()) == ("new", 1)
