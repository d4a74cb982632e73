"""Orders by amount: whole lots for as much as it pays, and never a cent more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.money import cents
from apps.desk.quote import Quote
from apps.market.quotes import board
from apps.trades import filling, services
from apps.trades.forms import clean_ticket
from apps.trades.models import Order
from apps.trades.ticket import Change, Refused, Ticket

from .http import FIELDS, JSON

AMOUNT = {**FIELDS, "order_type": "market", "limit_price": "", "quantity": "", "notional": "500.00"}


def ticket_for(**fields: str) -> Ticket:
    ticket = clean_ticket({**AMOUNT, **fields})
    assert isinstance(ticket, Ticket), ticket
    return ticket


@pytest.mark.parametrize(
    ("fields", "quantity"),
    [
        ({}, "3"),  # at the ask, 150.01
        ({"side": "sell"}, "3"),
        ({"notional": "450.03"}, "3"),
        ({"notional": "450.02"}, "2"),
        ({"order_type": "limit", "limit_price": "100.00"}, "5"),
        ({"order_type": "stop", "stop_price": "166.00"}, "3"),
        ({"symbol": "FRAC", "notional": "1.00"}, "0.006"),
    ],
)
def test_it_is_as_many_lots_as_the_amount_pays(
    account: Any, fields: dict[str, str], quantity: str, quote: Callable[..., Quote]
) -> None:
    board.put(quote(symbol="FRAC"))

    assert ticket_for(**fields).quantity == Decimal(quantity)


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"quantity": "3"}, "notional", "Amount must be empty where a quantity is given: an order is by one of them"),
        ({"notional": "150.00"}, "notional", "Amount must be at least 150.01, the price of one share of AAPL"),
        ({"notional": "-1"}, "notional", "Amount must be more than 0"),
        ({"notional": "0.001"}, "notional", "Amount must be a multiple of 0.01"),
        ({"notional": "1e3"}, "notional", "Amount must be a plain number, such as 500.00"),
        ({"notional": ""}, "quantity", "Quantity is required, such as 10"),
        ({"symbol": "MSFT"}, "notional", "Amount cannot be turned into shares: there is no quote for MSFT yet"),
    ],
)
def test_what_is_no_amount_says_what_would_be_one(account: Any, fields: dict[str, str], name: str, words: str) -> None:
    assert clean_ticket({**AMOUNT, **fields}) == Refused({name: words})


def test_a_buy_never_spends_more_than_was_asked_for(account: Any, quote: Callable[..., Quote], now: datetime) -> None:
    answer = services.place_order(account, ticket_for(notional="1500.10"), now)
    assert not isinstance(answer, Refused)
    first, dearer = quote(), quote()
    first = replace(first, ask_size=Decimal(4))
    dearer = replace(dearer, bid=Decimal("159.99"), ask=Decimal("160.00"), last=Decimal("160.00"))

    filling.match_symbol("AAPL", first, None, now)
    filling.match_symbol("AAPL", dearer, None, now)

    order = Order.objects.get()
    spent = sum(cents(fill.last_qty * fill.last_px) for fill in order.fills.all())
    assert (order.quantity, order.cum_qty, order.status) == (10, 9, "canceled")
    assert spent == Decimal("1400.04") <= Decimal("1500.10")
    assert order.reason == "The rest would cost more than the 1,500.10 USD asked for"
    account.refresh_from_db()
    assert account.reserved == 0


def test_the_same_amount_again_is_the_same_order_whatever_the_price_is(
    desk: Client, quote: Callable[..., Quote], account: Any
) -> None:
    first = desk.post("/orders/", {**AMOUNT, "client_order_id": "by-amount"}, headers=JSON)
    board.put(replace(quote("160.00", "160.02"), received_at=quote().received_at + timedelta(seconds=1)))

    again = desk.post("/orders/", {**AMOUNT, "client_order_id": "by-amount"}, headers=JSON)
    other = desk.post("/orders/", {**AMOUNT, "client_order_id": "by-amount", "notional": "501.00"}, headers=JSON)

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.json() == first.json()
    assert (first.json()["quantity"], first.json()["notional"]) == ("3", "500")


def test_an_order_that_is_changed_is_of_shares_from_then_on(account: Any, now: datetime) -> None:
    placed = services.place_order(account, ticket_for(order_type="limit", limit_price="100.00"), now)
    assert not isinstance(placed, Refused)

    changed = services.replace_order(account, placed.order.pk, Change(Decimal(8), Decimal("100.00"), None), now)

    assert isinstance(changed, Order)
    assert (changed.quantity, changed.notional) == (8, None)


def test_the_ticket_says_how_many_shares_it_would_be(desk: Client) -> None:
    shown = desk.get("/orders/ticket/", AMOUNT, headers={"hx-request": "true"}).content.decode()

    assert "<dt>Shares</dt><dd>3</dd>" in shown
