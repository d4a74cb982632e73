"""R-ORDER: a buy with its take profit and stop loss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from apps.desk.quote import Quote
from apps.portfolio.models import Account, Position
from apps.trades import filling, services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.models import Order, desk_order
from apps.trades.ticket import Refused, Ticket

from .http import FIELDS, JSON

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
Quotes = Callable[..., Quote]
BRACKET = {"take_profit": Decimal("160"), "stop_loss": Decimal("145")}


@pytest.fixture
def entry(placed: Place) -> Order:
    """Buys 100 at 150.01 or better, to be sold at 160 or at 145."""
    return placed("buy 100 AAPL limit 150.01", "gtc", **BRACKET)


def exits(order: Order) -> list[str]:
    """As `limit new 30/100 holds 70`, the take profit first."""
    rows = Order.objects.filter(parent=order).order_by("order_type")
    return [
        f"{row.order_type} {row.status} {row.cum_qty:.0f}/{row.quantity:.0f} holds {row.reserved:.0f}" for row in rows
    ]


def test_exits_wait_until_the_entry_fills(entry: Order) -> None:
    assert exits(entry) == ["limit held 0/100 holds 0", "stop held 0/100 holds 0"]


def test_exits_are_good_for_what_the_entry_has_bought(entry: Order, quote: Quotes, now: datetime) -> None:
    filling.match_symbol("AAPL", quote(size=30), None, now)
    partly = exits(entry)
    filling.match_symbol("AAPL", quote(size=70), None, now)

    assert partly == ["limit new 0/30 holds 0", "stop new 0/30 holds 30"]
    assert exits(entry) == ["limit new 0/100 holds 0", "stop new 0/100 holds 100"]


def test_exits_stand_in_the_queue_from_when_they_begin_to_work(entry: Order, quote: Quotes, now: datetime) -> None:
    """With the entry's own place an elected stop and the rest of a market entry would go by their ids."""
    begun = now + timedelta(seconds=1)
    filling.match_symbol("AAPL", quote(size=30), None, begun)
    filling.match_symbol("AAPL", quote(size=30), None, begun + timedelta(seconds=1))

    assert [desk_order(each).placed_at for each in Order.objects.filter(parent=entry)] == [begun, begun]
    assert desk_order(entry).placed_at < begun


def test_take_profit_that_fills_cancels_the_stop_loss(
    entry: Order, account: Account, quote: Quotes, now: datetime
) -> None:
    filling.match_symbol("AAPL", quote(size=100), None, now)

    filling.match_symbol("AAPL", quote("160.50", "160.60", size=40), None, now)
    partly = exits(entry)
    filling.match_symbol("AAPL", quote("160.40", "160.60", size=60), None, now)

    assert partly == ["limit partially_filled 40/100 holds 60", "stop new 0/60 holds 0"]
    assert exits(entry) == ["limit filled 100/100 holds 0", "stop canceled 0/60 holds 0"]
    position = Position.objects.get(account=account)
    assert (position.quantity, position.reserved) == (0, 0)


def test_stop_loss_ends_what_is_left_of_the_entry(
    entry: Order, account: Account, quote: Quotes, now: datetime
) -> None:
    filling.match_symbol("AAPL", quote(size=30), None, now)

    low = quote("144.00", "150.02")
    filling.match_symbol("AAPL", low, None, now)

    entry.refresh_from_db()
    account.refresh_from_db()
    assert (entry.status, entry.cum_qty, entry.reason) == ("canceled", 30, "An exit of it has traded")
    assert exits(entry) == ["limit canceled 0/30 holds 0", "stop filled 30/30 holds 0"]
    assert (account.reserved, Position.objects.get(account=account).quantity) == (0, 0)


def test_entry_that_ends_unfilled_takes_its_exits_along(entry: Order, account: Account, now: datetime) -> None:
    services.cancel_order(account, entry.pk, now)

    assert exits(entry) == ["limit canceled 0/100 holds 0", "stop canceled 0/100 holds 0"]


def test_entry_that_ends_partly_filled_leaves_its_exits(
    entry: Order, account: Account, quote: Quotes, now: datetime
) -> None:
    filling.match_symbol("AAPL", quote(size=30), None, now)

    services.cancel_order(account, entry.pk, now)

    assert exits(entry) == ["limit new 0/30 holds 0", "stop new 0/30 holds 30"]


def test_exit_that_is_cancelled_leaves_the_shares_to_the_other(
    entry: Order, account: Account, quote: Quotes, now: datetime
) -> None:
    filling.match_symbol("AAPL", quote(size=100), None, now)

    services.cancel_order(account, Order.objects.get(parent=entry, order_type="stop").pk, now)

    assert exits(entry) == ["limit new 0/100 holds 100", "stop canceled 0/100 holds 0"]


def test_position_is_closed_with_its_exits(entry: Order, account: Account, quote: Quotes, now: datetime) -> None:
    filling.match_symbol("AAPL", quote(size=100), None, now)

    services.close_position(account, "AAPL", "flat", now)
    filling.match_symbol("AAPL", quote(), None, now)

    assert exits(entry) == ["limit canceled 0/100 holds 0", "stop canceled 0/100 holds 0"]
    position = Position.objects.get(account=account)
    assert (position.quantity, position.reserved) == (0, 0)


def test_exit_price_can_be_changed_and_its_quantity_cannot(
    entry: Order, account: Account, desk: Client, quote: Quotes, now: datetime
) -> None:
    filling.match_symbol("AAPL", quote(size=100), None, now)
    profit = Order.objects.get(parent=entry, order_type="limit")

    price = desk.post(f"/orders/{profit.pk}/replace/", {"limit_price": "158"}, headers=JSON)
    quantity = desk.post(f"/orders/{profit.pk}/replace/", {"quantity": "50"}, headers=JSON)

    assert (price.status_code, price.json()["limit_price"]) == (200, "158")
    words = "Quantity is that of the order it belongs to; only its price can be changed"
    assert quantity.json() == {"errors": {"quantity": [words]}}
    assert exits(entry) == ["limit new 0/100 holds 100", "stop new 0/100 holds 0"]


def test_waiting_exits_follow_a_changed_entry(entry: Order, desk: Client) -> None:
    desk.post(f"/orders/{entry.pk}/replace/", {"quantity": "50"}, headers=JSON)

    assert exits(entry) == ["limit held 0/50 holds 0", "stop held 0/50 holds 0"]


def test_desk_that_died_between_entry_and_exit_goes_on(entry: Order, quote: Quotes, now: datetime) -> None:
    """The exits are working before the entry's fill is told: nothing of them is in memory only."""
    filling.match_symbol("AAPL", quote(size=100), None, now)
    broker = PaperBroker()
    broker.refresh()

    high = quote("161.00", "161.10")
    assert broker.would_fill(high, now)
    broker.fill(high, now)

    assert exits(entry) == ["limit filled 100/100 holds 0", "stop canceled 0/100 holds 0"]


@pytest.mark.parametrize(
    ("exit_prices", "field", "words"),
    [
        ({"take_profit": "149"}, "take_profit", "Take profit must be above the 149.50 USD that the buy may cost"),
        ({"stop_loss": "149.50"}, "stop_loss", "Stop loss must be below the 149.50 USD that the buy may cost"),
        ({"stop_loss": "1.005"}, "stop_loss", "Stop loss must be a multiple of 0.01"),
        (
            {"side": "sell", "take_profit": "160"},
            "take_profit",
            "Take profit must be empty: it goes with an order that opens a position",
        ),
    ],
)
def test_exit_that_makes_no_sense_is_named(
    exit_prices: dict[str, str], field: str, words: str, desk: Client, account: Account
) -> None:
    answer = desk.post("/orders/", {**FIELDS, **exit_prices}, headers=JSON)

    assert (answer.status_code, answer.json()["errors"]) == (422, {field: [words]})
    assert not Order.objects.exists()


def test_bracket_sent_twice_is_one(account: Account, desk: Client) -> None:
    bracket = {**FIELDS, "take_profit": "160", "stop_loss": "145"}

    answers = [desk.post("/orders/", bracket, headers=JSON) for _ in range(2)]
    other = desk.post("/orders/", {**bracket, "stop_loss": "144"}, headers=JSON)

    assert [answer.status_code for answer in (*answers, other)] == [201, 200, 422]
    assert answers[1].json()["take_profit"] == "160"
    assert Order.objects.count() == 3
    page = desk.get(f"/orders/{answers[0].json()['id']}/").content.decode()
    assert all(words in " ".join(page.split()) for words in ("</a> 10 at 160.00", "</a> 10 at 145.00", "Waiting"))
    rows = desk.get("/orders/").content.decode()
    assert all(words in rows for words in ("take profit</span> 160.00", "stop loss</span> 145.00"))


def test_refused_bracket_leaves_no_exits(account: Account, ticket: Callable[..., Ticket], now: datetime) -> None:
    answer = services.place_order(account, ticket("buy 5000 AAPL", **BRACKET), now)

    assert isinstance(answer, Refused)
    assert not Order.objects.exists()
