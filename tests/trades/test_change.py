"""R-ORDER: a working order gets another quantity or price; all are cancelled; a position is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.quote import Quote
from apps.live.models import Event
from apps.market.models import MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account, Position
from apps.trades import filling, services
from apps.trades.models import Order
from apps.trades.ticket import Change, Placed, Refused

from .http import HTMX, JSON, sign_in

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]


def now_of(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


@pytest.mark.parametrize(
    ("fields", "quantity", "limit", "reserved"),
    [
        ({"quantity": "20"}, "20", "140", "2801.00"),
        ({"limit_price": "141.50"}, "10", "141.50", "1416.00"),
        ({"quantity": "5", "limit_price": "150"}, "5", "150", "751.00"),
    ],
)
def test_change_holds_back_what_it_needs_now(
    fields: dict[str, str], quantity: str, limit: str, reserved: str, desk: Client, account: Account, placed: Place
) -> None:
    order = placed("buy 10 AAPL limit 140")

    answer = desk.post(f"/orders/{order.pk}/replace/", fields, headers=JSON)

    changed = now_of(order)
    account.refresh_from_db()
    assert (answer.status_code, answer.json()["quantity"], answer.json()["status"]) == (200, quantity, "new")
    assert (changed.quantity, changed.limit_price) == (Decimal(quantity), Decimal(limit))
    assert changed.reserved == account.reserved == Decimal(reserved)
    assert Event.objects.filter(kind="order.replaced", toast=True).count() == 1


def test_change_of_a_trailing_buy_goes_by_where_its_stop_is(
    account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    """It trails the 150.01 that was asked by 10.00: at 155.00 its stop is still 160.01, and 5 % more is held back."""
    order = placed("buy 10 AAPL trail 10.00")
    board.put(quote(bid="154.98", ask="155.00", received_at=now + timedelta(seconds=1)))

    services.replace_order(account, order.pk, Change(Decimal(20), None, None), now + timedelta(seconds=1))

    assert now_of(order).reserved == Decimal("3361.21")


def test_change_to_what_it_is_changes_nothing(desk: Client, placed: Place) -> None:
    order = placed("buy 10 AAPL limit 140")

    answers = [desk.post(f"/orders/{order.pk}/replace/", {"quantity": "10"}, headers=JSON) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert Event.objects.filter(kind="order.replaced").count() == 0


@pytest.mark.parametrize(
    ("fields", "first"),
    [({"quantity": "9"}, "a"), ({"quantity": "11"}, "b"), ({"limit_price": "150.03"}, "b")],
)
def test_only_less_at_the_same_price_keeps_its_place(
    fields: dict[str, str], first: str, desk: Client, placed: Place, quote: Quotes, now: datetime
) -> None:
    """Price, then time: `a` was there first."""
    orders = {
        "a": placed("buy 10 AAPL limit 150.02", at=now - timedelta(seconds=2)),
        "b": placed("buy 10 AAPL limit 150.03" if "limit_price" in fields else "buy 10 AAPL limit 150.02", at=now),
    }
    desk.post(f"/orders/{orders['a'].pk}/replace/", fields, headers=JSON)

    filling.match_symbol("AAPL", quote(size=3), None, now)

    assert [name for name, order in orders.items() if now_of(order).cum_qty] == [first]


def test_partly_filled_order_is_never_changed_below_what_is_filled(
    desk: Client, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("buy 10 AAPL limit 150.01")
    filling.match_symbol("AAPL", quote(size=4), None, now)

    refused = desk.post(f"/orders/{order.pk}/replace/", {"quantity": "4"}, headers=JSON)
    taken = desk.post(f"/orders/{order.pk}/replace/", {"quantity": "6"}, headers=JSON)

    words = "Quantity must be more than the 4 filled already; cancel the order to end it"
    assert (refused.status_code, refused.json()) == (422, {"errors": {"quantity": [words]}})
    assert (taken.status_code, taken.json()["leaves_qty"]) == (200, "2")
    assert now_of(order).reserved == Decimal("301.02")


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"quantity": "1.5"}, "quantity", "Quantity must be a whole number of shares"),
        ({"limit_price": "140.005"}, "limit_price", "Limit price must be a multiple of 0.01"),
        ({"stop_price": "140"}, "stop_price", "Stop price must be empty: a limit order takes none"),
        ({"quantity": "5000"}, "quantity", "Needs 700,025.00 USD; 100,000.00 available"),
    ],
)
def test_bad_change_names_its_field_and_leaves_the_order(
    fields: dict[str, str], field: str, words: str, desk: Client, account: Account, placed: Place
) -> None:
    order = placed("buy 10 AAPL limit 140")

    answer = desk.post(f"/orders/{order.pk}/replace/", fields, headers=JSON)

    account.refresh_from_db()
    assert (answer.status_code, answer.json()["errors"]) == (422, {field: [words]})
    assert (now_of(order).quantity, account.reserved) == (10, Decimal("1401.00"))


def test_stop_that_was_reached_cannot_be_moved(
    desk: Client, held: Order, placed: Place, quote: Quotes, now: datetime
) -> None:
    order = placed("sell 10 AAPL stop 149 limit 148.50")
    filling.match_symbol("AAPL", quote("148.00", "148.10"), None, now)

    answer = desk.post(f"/orders/{order.pk}/replace/", {"stop_price": "147"}, headers=JSON)

    assert answer.json() == {"errors": {"stop_price": ["Stop price was reached already; it cannot be changed"]}}


def test_closed_order_is_not_changed(desk: Client, held: Order) -> None:
    answer = desk.post(f"/orders/{held.pk}/replace/", {"quantity": "200"}, headers=JSON)

    words = "The order is filled already; it cannot be changed"
    assert (answer.status_code, answer.json()) == (422, {"errors": {"status": [words]}})


def test_anothers_order_is_404(placed: Place, bob: Any, charlie: Any) -> None:
    """R-AUTH"""
    order = placed("buy 1 AAPL limit 100")
    portfolio.open_account(bob, Decimal(1000))

    answers = [sign_in(user).post(f"/orders/{order.pk}/replace/", {"quantity": "2"}) for user in (bob, charlie)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert now_of(order).quantity == 1


def test_change_by_htmx_and_by_plain_form(desk: Client, placed: Place) -> None:
    order = placed("buy 1 AAPL limit 100")
    path = f"/orders/{order.pk}/replace/"

    good, bad = desk.post(path, {"quantity": "2"}, headers=HTMX), desk.post(path, {"quantity": "x"}, headers=HTMX)
    plain, wrong = desk.post(path, {"quantity": "3"}, follow=True), desk.post(path, {"quantity": "0"})

    assert good.content.decode().startswith('<form id="change"')
    assert "Changed: Buy 2 AAPL" in good.content.decode()
    assert (bad.status_code, "Quantity must be a plain number" in bad.content.decode()) == (422, True)
    assert "Changed: Buy 3 AAPL." in plain.content.decode()
    assert (wrong.status_code, "Quantity must be more than 0" in wrong.content.decode()) == (422, True)


def test_all_working_orders_are_cancelled_and_give_back(
    desk: Client, account: Account, held: Order, placed: Place, bob: Any
) -> None:
    bobs = placed("buy 1 AAPL limit 100", owner=portfolio.open_account(bob, Decimal(1000)))
    mine = [placed("buy 10 AAPL limit 140"), placed("sell 5 AAPL limit 200")]

    answer = desk.post("/orders/cancel/", headers=JSON)
    again = desk.post("/orders/cancel/", headers=JSON)

    account.refresh_from_db()
    assert set(answer.json()["canceled"]) == {str(order.pk) for order in mine}
    assert again.json() == {"canceled": []}
    assert [now_of(order).status for order in mine] == ["canceled", "canceled"]
    assert (account.reserved, Position.objects.get(account=account).reserved) == (0, 0)
    assert now_of(bobs).status == "new"


def test_only_orders_of_a_symbol_are_cancelled(desk: Client, account: Account, placed: Place) -> None:
    order = placed("buy 10 AAPL limit 140")

    assert desk.post("/orders/cancel/", {"symbol": "MSFT"}, headers=JSON).json() == {"canceled": []}
    assert desk.post("/orders/cancel/", {"symbol": "aapl"}, headers=JSON).json() == {"canceled": [str(order.pk)]}


def test_position_is_closed_whole_though_orders_hold_some(
    desk: Client, held: Order, account: Account, placed: Place, quote: Quotes, now: datetime
) -> None:
    resting = placed("sell 40 AAPL limit 200")

    answer = desk.post("/orders/close/", {"symbol": "AAPL", "client_order_id": "flat"}, headers=JSON)
    again = desk.post("/orders/close/", {"symbol": "AAPL", "client_order_id": "flat"}, headers=JSON)
    filling.match_symbol("AAPL", quote(), None, now)

    assert (answer.status_code, again.status_code) == (201, 200)
    assert answer.json()["id"] == again.json()["id"]
    assert (now_of(resting).status, Position.objects.get(account=account).quantity) == ("canceled", 0)


def test_position_that_cannot_be_closed_keeps_its_orders(
    held: Order, account: Account, placed: Place, now: datetime
) -> None:
    """All of it or nothing."""
    resting = placed("sell 40 AAPL limit 200")
    MarketState.objects.update(is_open=False, reason="Opens at 14:30 UTC")

    answer = services.close_position(account, "AAPL", "flat", now)

    assert answer == Refused({"symbol": "The market is closed: Opens at 14:30 UTC"})
    assert now_of(resting).status == "new"


def test_nothing_held_is_nothing_to_close(desk: Client) -> None:
    answer = desk.post("/orders/close/", {"symbol": "AAPL"}, headers=JSON)

    words = "You hold no AAPL; there is nothing to close"
    assert (answer.status_code, answer.json()) == (422, {"errors": {"symbol": [words]}})
    assert words in desk.post("/orders/close/", {"symbol": "AAPL"}, headers=HTMX).content.decode()


@pytest.mark.parametrize("path", ["/orders/cancel/", "/orders/close/"])
def test_what_cannot_be_a_symbol_is_refused_and_nothing_is_cancelled(path: str, desk: Client, placed: Place) -> None:
    """PostgreSQL takes no NUL, and a symbol less it would be another's, or all."""
    order = placed("buy 10 AAPL limit 140")

    for symbol in ("\0", "AAPL\0"):
        answer = desk.post(path, {"symbol": symbol}, headers=JSON)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["symbol"])
    assert now_of(order).status == "new"


@pytest.mark.parametrize("path", ["/orders/cancel/", "/orders/close/"])
def test_who_has_no_account_is_told(path: str, charlie: Any) -> None:
    answer = sign_in(charlie).post(path, {"symbol": "AAPL"}, headers=JSON)

    assert answer.status_code == 422
    assert "no account" in answer.content.decode()


def test_account_without_orders_has_none_to_close(account: Account, now: datetime) -> None:
    assert services.cancel_all(account, "", now) == []
    assert not isinstance(services.close_position(account, "AAPL", "x", now), Placed)
