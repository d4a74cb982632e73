"""One cancels the other: a limit and a stop for the same shares, share by share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.quote import Quote
from apps.portfolio.queries import holding
from apps.trades import filling, services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Order
from apps.trades.ticket import Change, Refused

from .broken import broken
from .http import FIELDS, JSON

GOES_WITH = "Stop of an OCO goes with a day, gtc or gtd order at a limit; leave it empty"
Quotes = Callable[..., Quote]


@pytest.fixture
def pair(held: Order, placed: Callable[..., Order]) -> tuple[Order, Order]:
    """Of the 100 held, 60 at 155.00 or, where the bid falls to 145.00, at the market."""
    limit = placed("sell 60 AAPL limit 155.00", "gtc", oco_stop=Decimal("145.00"))
    return limit, Order.objects.get(oco=limit.pk, order_type="stop")


def state(*orders: Order) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    for order in orders:
        order.refresh_from_db()
    return [(order.status, order.quantity, order.cum_qty, order.reserved) for order in orders]


def meet(quote: Quote, now: datetime, size: int = 1000) -> None:
    assert filling.match_symbol("AAPL", quote, filling.Displayed(Decimal(size), Decimal(size)), now).failed == {}
    assert broken() == {}


def test_both_stand_on_the_same_shares(pair: tuple[Order, Order], account: Any) -> None:
    assert state(*pair) == [("new", 60, 0, 60), ("new", 60, 0, 0)]
    assert holding(account, "AAPL") == (100, 60)
    assert broken() == {}


@pytest.mark.parametrize(("prices", "first"), [(("155.10", "155.12"), 0), (("144.00", "144.02"), 1)])
def test_what_one_sells_the_other_gives_up(
    pair: tuple[Order, Order], quote: Quotes, now: datetime, prices: tuple[str, str], first: int, account: Any
) -> None:
    meet(quote(*prices), now, size=25)
    filled, other = pair[first], pair[1 - first]
    assert [row[:3] for row in state(filled, other)] == [("partially_filled", 60, 25), ("new", 35, 0)]

    meet(quote(*prices), now)

    assert [row[:3] for row in state(filled, other)] == [("filled", 60, 60), ("canceled", 35, 0)]
    assert other.reason == "The other of the two was filled"
    assert holding(account, "AAPL") == (40, 0)


def test_cancelling_one_leaves_the_other_with_the_shares(
    pair: tuple[Order, Order], now: datetime, account: Any
) -> None:
    limit, stop = pair

    services.cancel_order(account, limit.pk, now)

    assert state(stop) == [("new", 60, 0, 60)]
    services.cancel_order(account, stop.pk, now)
    assert holding(account, "AAPL") == (100, 0)
    assert broken() == {}


def test_only_its_price_can_be_changed(pair: tuple[Order, Order], now: datetime, account: Any) -> None:
    limit, stop = pair

    more = services.replace_order(account, stop.pk, Change(Decimal(61), None, Decimal("146.00")), now)
    nearer = services.replace_order(account, stop.pk, Change(Decimal(60), None, Decimal("146.00")), now)

    words = "Quantity is that of the order it belongs to; only its price can be changed"
    assert more == Refused({"quantity": words})
    assert isinstance(nearer, Order)
    assert (nearer.stop_price, state(limit)[0][0]) == (Decimal("146.00"), "new")
    assert broken() == {}


def test_the_broker_knows_what_one_did_to_the_other(pair: tuple[Order, Order], quote: Quotes, now: datetime) -> None:
    broker = PaperBroker()
    broker.refresh()

    assert broker.would_fill(quote("155.10", "155.12"), now)
    broker.fill(quote("155.10", "155.12"), now)

    assert not broker.would_fill(quote("140.00", "140.02"), now)


def test_both_end_with_the_session(held: Order, placed: Callable[..., Order], now: datetime, account: Any) -> None:
    placed("sell 60 AAPL limit 155.00", "day", oco_stop=Decimal("145.00"))

    assert services.expire_day_orders(now.date(), now) == 2

    assert holding(account, "AAPL") == (100, 0)
    assert broken() == {}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"side": "buy"}, "Stop of an OCO must be empty: it goes with an order that closes a position"),
        (
            {"order_type": "market", "limit_price": ""},
            GOES_WITH,
        ),
        ({"time_in_force": "ioc"}, GOES_WITH),
        ({"oco_stop": "145.001"}, "Stop must be a multiple of 0.01"),
        ({"oco_stop": "149.99"}, "Stop must be below the 149.99 USD that the market bids"),
    ],
)
def test_what_goes_with_no_stop_is_refused_whole(
    held: Order, desk: Client, fields: dict[str, str], words: str
) -> None:
    oco = {**FIELDS, "side": "sell", "limit_price": "155.00", "oco_stop": "145.00", "client_order_id": "pair"}

    answer = desk.post("/orders/", {**oco, **fields}, headers=JSON)

    assert (answer.status_code, answer.json()["errors"]["oco_stop"]) == (422, [words])
    assert Order.objects.count() == 1


def test_sent_again_it_is_the_same_pair_and_its_page_leads_to_the_other(held: Order, desk: Client) -> None:
    oco = {**FIELDS, "side": "sell", "limit_price": "155.00", "oco_stop": "145.00", "client_order_id": "pair"}

    first, again = (desk.post("/orders/", oco, headers=JSON) for _ in range(2))

    stop = Order.objects.get(order_type="stop")
    assert (first.status_code, again.status_code, Order.objects.count()) == (201, 200, 3)
    assert first.json()["oco"] == str(stop.oco)
    assert f"/orders/{stop.pk}/" in desk.get(f"/orders/{first.json()['id']}/").content.decode()
