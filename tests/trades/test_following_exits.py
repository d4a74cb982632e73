"""R-ORDER: a second order that brings a take profit and a stop loss of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.portfolio.models import Account
from apps.portfolio.queries import holding
from apps.trades import services
from apps.trades.models import Order
from apps.trades.ticket import Change, Refused, Ticket

from .http import FIELDS, JSON
from .test_exits import BRACKET, exits
from .words import now_is, ticket_of

pytestmark = pytest.mark.django_db
SECOND = {"then_side": "buy", "then_quantity": "5", "then_take_profit": "165.00", "then_stop_loss": "145.00"}


def test_its_exits_come_with_it_and_work_for_what_it_opens(pair: Any, account: Account, meet: Any) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "buy 5 AAPL limit 150.00", **BRACKET)
    waiting = exits(second)

    meet("148.90", "149.00", 10)
    begun = now_is(second)[0], exits(second)
    meet("149.90", "150.00", 2)
    partly = exits(second)
    meet("149.90", "150.00", 3)

    assert waiting == []
    assert begun == ("new", ["limit held 0/5 holds 0", "stop held 0/5 holds 0"])
    assert partly == ["limit new 0/2 holds 0", "stop new 0/2 holds 2"]
    assert exits(second) == ["limit new 0/5 holds 0", "stop new 0/5 holds 5"]
    meet("160.50", "160.60")
    assert exits(second) == ["limit filled 5/5 holds 0", "stop canceled 0/5 holds 0"]
    assert holding(account, "AAPL") == (10, 0)


@pytest.mark.parametrize("end", ["first", "second"])
def test_cancelled_before_its_turn_it_leaves_no_exits(pair: Any, account: Account, now: datetime, end: str) -> None:
    first, second = pair("buy 10 AAPL limit 149.00", "buy 5 AAPL limit 150.00", **BRACKET)

    services.cancel_order(account, {"first": first, "second": second}[end].pk, now)

    assert (now_is(second)[0], exits(second)) == ("canceled", [])


def test_cancelled_in_its_turn_it_takes_its_exits_along(pair: Any, account: Account, meet: Any, now: datetime) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "buy 5 AAPL limit 140.00", **{**BRACKET, "stop_loss": Decimal(135)})
    meet("148.90", "149.00")

    services.cancel_order(account, second.pk, now)

    assert exits(second) == ["limit canceled 0/5 holds 0", "stop canceled 0/5 holds 0"]


def test_exits_that_the_market_has_passed_reject_it_when_its_turn_comes(pair: Any, meet: Any) -> None:
    _, second = pair("buy 10 AAPL stop 170.00", "buy 5 AAPL", **BRACKET)

    meet("169.90", "170.00")

    words = "Take profit must be above the 170.00 USD that the buy may cost"
    assert (now_is(second), exits(second)) == (("rejected", 0, 0, words), [])


def test_a_short_sale_brings_exits_that_buy(trade: Any, margin: Account) -> None:
    terms = {"take_profit": Decimal(140), "stop_loss": Decimal(160)}
    trade("buy 10 AAPL")
    trade("sell 10 AAPL", then=ticket_of("sell 5 AAPL", "", **terms))

    second = Order.objects.get(after__isnull=False)
    assert second.verb == "Sell short"
    assert set(Order.objects.filter(parent=second).values_list("side", "status")) == {("buy", "held")}


def test_on_margin_one_that_closes_when_its_turn_comes_is_rejected(trade: Any, margin: Account) -> None:
    """Nobody knows before what it will do to the position."""
    terms = {"take_profit": Decimal(140), "stop_loss": Decimal(160)}
    trade("buy 10 AAPL", then=ticket_of("sell 5 AAPL", "", **terms))

    words = "Take profit must be empty: it goes with an order that opens a position"
    assert now_is(Order.objects.get(after__isnull=False)) == ("rejected", 0, 0, words)


def test_with_other_exits_it_is_another_order(account: Account, ticket: Callable[..., Ticket], now: datetime) -> None:
    asked = ticket("buy 10 AAPL limit 149.00", then=ticket_of("buy 5 AAPL", "", **BRACKET))
    services.place_order(account, asked, now)

    other = replace(asked, then=ticket_of("buy 5 AAPL", "", take_profit=Decimal(161)))
    assert isinstance(services.place_order(account, other, now), Refused)
    assert not isinstance(services.place_order(account, asked, now), Refused)


def test_a_change_keeps_its_exits_and_not_beyond_them(pair: Any, account: Account, meet: Any, now: datetime) -> None:
    _, second = pair("buy 10 AAPL limit 149.00", "buy 5 AAPL limit 150.00", **BRACKET)

    refused = services.replace_order(account, second.pk, Change(Decimal(7), Decimal(161), None), now)
    services.replace_order(account, second.pk, Change(Decimal(7), Decimal(151), None), now)
    meet("148.90", "149.00", 10)

    assert isinstance(refused, Refused)
    assert refused.errors == {"take_profit": "Take profit must be above the limit of 161.00 USD"}
    assert exits(second) == ["limit held 0/7 holds 0", "stop held 0/7 holds 0"]


def test_ticket_and_answer_have_them(desk: Client) -> None:
    answer = desk.post("/orders/", {**FIELDS, **SECOND}, headers=JSON).json()["then"]
    page = desk.post("/orders/", {**FIELDS, **SECOND, "then_take_profit": "dear"}).content.decode()

    assert (answer["status"], answer["take_profit"], answer["stop_loss"]) == ("held", "165", "145")
    assert 'id="ticket-then_take_profit-error">Take profit must be a plain number' in page
    assert 'name="then_stop_loss" value="145.00"' in page
    shown = desk.get(f"/orders/{answer['id']}/").content.decode()
    assert "<dt>Take profit</dt><dd>165.00</dd>" in shown


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"then_take_profit": "145.00"}, {"take_profit": "Take profit must be above the stop loss of 145.00 USD"}),
        (
            {"then_order_type": "limit", "then_limit_price": "144.00"},
            {"stop_loss": "Stop loss must be below the limit of 144.00 USD"},
        ),
        (
            {"then_order_type": "limit", "then_limit_price": "165.00"},
            {"take_profit": "Take profit must be above the limit of 165.00 USD"},
        ),
        (
            {"then_side": "sell"},
            {"take_profit": "Take profit must be empty: it goes with an order that opens a position"},
        ),
        (
            {"then_side": "sell", "then_take_profit": ""},
            {"stop_loss": "Stop loss must be empty: it goes with an order that opens a position"},
        ),
        ({"then_stop_loss": "1.005"}, {"stop_loss": "Stop loss must be a multiple of 0.01"}),
    ],
)
def test_what_makes_sense_at_no_time_is_refused_with_the_first(
    desk: Client, fields: dict[str, str], errors: dict[str, str]
) -> None:
    answer = desk.post("/orders/", {**FIELDS, **SECOND, **fields}, headers=JSON)

    assert answer.json()["errors"] == {f"then_{name}": [words] for name, words in errors.items()}
    assert not Order.objects.exists()
