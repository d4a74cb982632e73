"""What pages and JSON say of orders while the exchange of their instrument is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from time_machine import travel

from apps.desk.quote import Quote
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.trades.models import Order

from .http import FIELDS, JSON

pytestmark = pytest.mark.django_db
SATURDAY = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
MONDAY_OPENS = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return SATURDAY


@pytest.fixture(autouse=True)
def weekend(now: datetime) -> Iterator[None]:
    with travel(now, tick=False):
        yield


@pytest.fixture
def stocks(account: Account, quote: Callable[..., Quote]) -> None:
    """They keep the hours of New York."""
    Instrument.objects.update(calendar="XNYS")
    board.clear()
    board.put(quote(received_at=SATURDAY.replace(day=27)))
    board.catch_up()


def test_order_says_for_which_open_it_waits(stocks: None, desk: Client) -> None:
    sent = desk.post("/orders/", FIELDS, headers=JSON)
    order = Order.objects.get()

    page, rows = desk.get(f"/orders/{order.pk}/").content.decode(), desk.get("/orders/").content.decode()

    assert (sent.status_code, sent.json()["session_date"]) == (201, "2026-11-30")
    assert "It waits for the open on Mon 30 Nov 14:30 UTC." in page
    assert ">opens Mon 14:30</span>" in rows
    with travel(MONDAY_OPENS, tick=False):
        assert order.waits_for is None


def test_refusal_says_the_next_open_in_the_traders_zone(stocks: None, desk: Client, account: Account) -> None:
    account.user.time_zone = "Europe/Berlin"
    account.user.save()

    answer = desk.post("/orders/", {**FIELDS, "time_in_force": "ioc"}, headers=JSON)

    assert answer.status_code == 422
    assert "it opens Mon 30 Nov 15:30 CET" in answer.content.decode()
    assert Order.objects.count() == 0


def test_ticket_says_the_hours_of_its_symbol_in_the_traders_zone(stocks: None, desk: Client, account: Account) -> None:
    account.user.time_zone = "Europe/Berlin"
    account.user.save()

    pages = [desk.get("/orders/ticket/", {"symbol": symbol}).content.decode() for symbol in ("aapl", "NONE")]

    assert ["AAPL: Closed. Opens Mon 30 Nov 15:30 CET" in pages[0], "Closed." in pages[1]] == [True, False]


def test_stop_cannot_be_for_a_close(stocks: None, desk: Client) -> None:
    fields = {**FIELDS, "order_type": "stop", "limit_price": "", "stop_price": "151", "time_in_force": "cls"}

    answer = desk.post("/orders/", fields, headers=JSON)

    assert answer.status_code == 422
    assert "Time in force must be day, gtc or gtd for a stop order" in answer.content.decode()


def test_open_and_close_are_offered_where_there_are_some(stocks: None, desk: Client) -> None:
    offered = desk.get("/orders/ticket/").content.decode()
    board.hours.clear()
    around_the_clock = desk.get("/orders/ticket/").content.decode()

    assert ['value="opg"' in page and "At the close" in page for page in (offered, around_the_clock)] == [True, False]


def test_around_the_clock_an_order_for_the_close_is_refused(account: Account, desk: Client) -> None:
    answer = desk.post("/orders/", {**FIELDS, "time_in_force": "cls"}, headers=JSON)

    assert answer.status_code == 422
    assert "AAPL trades around the clock: it has no close" in answer.content.decode()
