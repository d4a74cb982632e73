"""R-ORDER: a second order is changed while it waits, and begins as it was changed last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.order import IllegalTransition
from apps.live.models import Event
from apps.live.toasts import draw_toast
from apps.portfolio.models import Account
from apps.portfolio.queries import holding
from apps.trades import services
from apps.trades.models import Order
from apps.trades.ticket import Change, Placed, Refused

from .broken import broken
from .http import HTMX, JSON, sign_in
from .words import now_is, ticket_of

pytestmark = pytest.mark.django_db
Words = Callable[..., Any]


def change(order: Order, quantity: str, limit: str = "", stop: str = "") -> Change:
    return Change(Decimal(quantity), *(Decimal(text) if text else None for text in (limit, stop)))


def test_it_goes_on_waiting_and_begins_as_it_was_changed(
    pair: Words, desk: Client, account: Account, meet: Any
) -> None:
    """6 of the 10 are sold, at 156.00, once the first is filled."""
    first, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00", then_tif="gtc")

    answer = desk.post(f"/orders/{second.pk}/replace/", {"quantity": "6", "limit_price": "156.00"}, headers=JSON)

    told = answer.json()
    assert (answer.status_code, told["status"], told["quantity"], told["limit_price"]) == (200, "held", "6", "156")
    account.refresh_from_db()
    assert (now_is(second), account.reserved) == (("held", 0, 0, ""), Decimal("1491.00"))
    assert desk.get(f"/orders/{first.pk}/", headers=JSON).json()["then"]["quantity"] == "6"
    meet("148.90", "149.00")
    assert (now_is(second), holding(account, "AAPL")) == (("new", 0, 6, ""), (10, 6))
    meet("156.00", "156.10")
    assert now_is(second) == ("filled", 6, 0, "")


def test_risk_is_asked_when_it_is_sent(pair: Words, desk: Client, account: Account, meet: Any) -> None:
    """More than can be paid is no fault while it waits."""
    _, second = pair("buy 10 AAPL limit 149.00", "buy 1 AAPL")

    assert desk.post(f"/orders/{second.pk}/replace/", {"quantity": "5000"}, headers=JSON).status_code == 200
    meet("148.90", "149.00")

    status, _, reserved, reason = now_is(second)
    assert (status, reserved) == ("rejected", 0)
    assert "USD" in reason


@pytest.mark.parametrize(
    ("then", "fields", "field", "words"),
    [
        ("sell 10 AAPL limit 155.00", {"quantity": "0"}, "quantity", "Quantity must be more than 0"),
        ("sell 10 AAPL limit 155.00", {"limit_price": "155.001"}, "limit_price", "must be a multiple of 0.01"),
        ("sell 10 AAPL limit 155.00", {"stop_price": "150"}, "stop_price", "a limit order takes none"),
        ("sell 10 AAPL", {"limit_price": "150"}, "limit_price", "a market order takes none"),
    ],
)
def test_what_a_field_cannot_be_is_said_at_once(
    pair: Words, desk: Client, then: str, fields: dict[str, str], field: str, words: str
) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", then)

    answer = desk.post(f"/orders/{second.pk}/replace/", fields, headers=JSON)

    assert answer.status_code == 422
    assert words in answer.json()["errors"][field][0]
    assert now_is(second)[0] == "held"


def test_what_it_could_be_at_no_time_is_refused_at_once(placed: Words, account: Account, now: datetime) -> None:
    """Its date is over: whatever else it is, it could never work."""
    then = ticket_of("sell 5 AAPL limit 155.00", "", "gtd", expires_at=now + timedelta(hours=1))
    second = Order.objects.get(after=placed("buy 10 AAPL limit 149.00", "gtc", then=then))

    answer = services.replace_order(account, second.pk, change(second, "4", "155.00"), now + timedelta(hours=2))

    assert isinstance(answer, Refused)
    assert list(answer.errors) == ["expires_at"]
    assert Order.objects.get(pk=second.pk).quantity == 5
    assert Event.objects.filter(kind="order.denied").count() == 1


def test_change_to_what_it_is_changes_nothing(pair: Words, desk: Client) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL limit 155.00")
    before = Order.objects.get(pk=second.pk).updated_at

    assert desk.post(f"/orders/{second.pk}/replace/", {"quantity": "10"}, headers=JSON).status_code == 200

    assert Order.objects.get(pk=second.pk).updated_at == before
    assert not Event.objects.filter(kind="order.replaced").exists()


def test_page_and_list_offer_it_and_the_toast_says_that_it_waits(pair: Words, desk: Client) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")
    path = f"/orders/{second.pk}/"

    page = desk.get(path).content.decode()
    changed = desk.post(f"{path}replace/", {"quantity": "4"}, headers=HTMX).content.decode()

    assert 'id="change"' in page
    assert "every rule is asked when it is sent" in page
    assert f'href="{path}#change"' in desk.get("/orders/").content.decode()
    assert "Changed: Sell 4 AAPL" in changed
    assert "changed, waiting" in draw_toast(Event.objects.get(kind="order.replaced"))


def test_without_javascript_it_leads_back_to_the_order(pair: Words, desk: Client) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")

    answer = desk.post(f"/orders/{second.pk}/replace/", {"quantity": "4"})

    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{second.pk}/")


def test_ticket_sent_again_after_a_change_is_the_same_order(placed: Words, account: Account, now: datetime) -> None:
    asked = ticket_of("buy 10 AAPL limit 149.00", "mine", "gtc", then=ticket_of("sell 10 AAPL", ""))
    first = services.place_order(account, asked, now)
    assert isinstance(first, Placed)
    second = Order.objects.get(after=first.order)
    services.replace_order(account, second.pk, change(second, "4"), now)

    again = services.place_order(account, asked, now)

    assert isinstance(again, Placed)
    assert (again.created, again.order.pk, now_is(second)[0]) == (False, first.order.pk, "held")
    assert broken() == {}


def test_exit_that_waits_is_not_changed_and_neither_is_what_has_ended(
    placed: Words, pair: Words, account: Account, now: datetime
) -> None:
    parent = placed("buy 10 AAPL limit 149.00", "gtc", take_profit=Decimal(170))
    first, second = pair("buy 10 AAPL limit 148.00", "sell 10 AAPL")
    services.cancel_order(account, first.pk, now)

    for order in (parent.exits.get(), second):
        with pytest.raises(IllegalTransition):
            services.replace_order(account, order.pk, change(order, "4", "160"), now)


def test_nobody_else_changes_it(pair: Words, bob: Any) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "sell 10 AAPL")

    answer = sign_in(bob).post(f"/orders/{second.pk}/replace/", {"quantity": "4"}, headers=JSON)

    assert answer.status_code == 404
    assert Order.objects.get(pk=second.pk).quantity == 10
