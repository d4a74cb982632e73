"""Orders that trade before the open and after the close too: the days around Thanksgiving 2026."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from django.test import Client

from apps.live import bus
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.trades import services
from apps.trades.export import order_rows
from apps.trades.models import Order
from apps.trades.threads import in_thread
from apps.trades.ticket import Change, Placed, Refused

from .floor import FRIDAY_CLOSES, FRIDAY_OPENS, MONDAY_CLOSES, MONDAY_OPENS, MS, SATURDAY, Floor, at_the_desk
from .http import FIELDS, HTMX, JSON
from .words import ticket_of

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY_PRE, MONDAY_ENDS = MONDAY_OPENS - timedelta(hours=5, minutes=30), MONDAY_CLOSES + timedelta(hours=4)
FRIDAY_ENDS = FRIDAY_CLOSES + timedelta(hours=4)
HOUR = timedelta(hours=1)


@pytest_asyncio.fixture
async def floor(alice: Any, settings: Any) -> AsyncIterator[Floor]:
    settings.MARKET_CALENDAR = "XNYS"
    bus.attach(asyncio.get_running_loop())
    floor = Floor(await in_thread(portfolio.open_account, alice, Decimal(100_000)))
    await floor.start(SATURDAY)
    await floor.quote(SATURDAY, "149.00", "150.00")
    yield floor
    assert floor.desk.faults == set()


async def extended(floor: Floor, at: datetime, words: str, tif: str = "day") -> Order:
    answer = await asked(floor, at, words, tif)
    assert isinstance(answer, Placed), answer
    return answer.order


async def asked(floor: Floor, at: datetime, words: str, tif: str = "day") -> Placed | Refused:
    floor.orders += 1
    ticket = ticket_of(words, f"order-{floor.orders}", tif, extended_hours=True)
    return await in_thread(services.place_order, floor.account, ticket, at)


async def test_before_the_open_only_the_order_that_asked_for_it_trades(floor: Floor) -> None:
    """R-ORDER"""
    asks = await extended(floor, SATURDAY, "buy 10 AAPL limit 152")
    waits = [await floor.place(SATURDAY, words) for words in ("buy 10 AAPL limit 152", "buy 10 AAPL")]

    await floor.quote(MONDAY_PRE, "151.00", "152.00")

    assert await floor.now(asks) == ("filled", 10, "")
    assert [await floor.now(order) for order in waits] == [("new", 0, "")] * 2
    await floor.quote(MONDAY_OPENS, "151.00", "152.00")
    assert [await floor.now(order) for order in waits] == [("filled", 10, "")] * 2


async def test_quote_from_before_the_extended_hours_fills_nothing_in_them(floor: Floor) -> None:
    order = await extended(floor, SATURDAY, "buy 10 AAPL limit 152")

    await floor.second(MONDAY_PRE)

    assert await floor.now(order) == ("new", 0, "")


async def test_quote_from_before_the_close_fills_nothing_after_it(floor: Floor) -> None:
    await at_the_desk(floor, MONDAY_CLOSES - MS)
    order = await extended(floor, MONDAY_CLOSES, "buy 10 AAPL limit 152")

    await floor.second(MONDAY_CLOSES + MS)
    before = await floor.now(order)
    await floor.quote(MONDAY_CLOSES + 2 * MS, "149.00", "150.00")

    assert (before[0], await floor.now(order)) == ("new", ("filled", 10, ""))


async def test_day_order_ends_with_the_after_hours_and_not_with_the_close(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_OPENS)
    order = await extended(floor, FRIDAY_OPENS, "buy 10 AAPL limit 140")

    await floor.second(FRIDAY_CLOSES)
    closed = await floor.now(order)
    await floor.second(FRIDAY_ENDS - MS)
    last = await floor.now(order)
    await floor.second(FRIDAY_ENDS)

    assert (closed[0], last[0]) == ("new", "new")
    assert await floor.now(order) == ("expired", 0, "The session it was good for is over")


async def test_order_of_after_hours_is_for_these_and_one_without_for_the_next_open(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_CLOSES - MS)
    await floor.quote(FRIDAY_CLOSES + MS, "149.00", "150.00")
    asks = await extended(floor, FRIDAY_CLOSES + 2 * MS, "buy 10 AAPL limit 140")
    waits = await floor.place(FRIDAY_CLOSES + 2 * MS, "buy 10 AAPL limit 140")

    await floor.second(FRIDAY_ENDS)

    assert (asks.session_date, waits.session_date) == (FRIDAY_CLOSES.date(), MONDAY_OPENS.date())
    assert [(await floor.now(order))[0] for order in (asks, waits)] == ["expired", "new"]


async def test_lasting_order_trades_in_later_extended_hours(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_OPENS)
    order = await extended(floor, FRIDAY_OPENS, "buy 10 AAPL limit 148", "gtc")
    await floor.second(FRIDAY_ENDS)

    await floor.quote(MONDAY_ENDS - MS, "147.00", "148.00")

    assert await floor.now(order) == ("filled", 10, "")


async def test_once_the_after_hours_are_over_nothing_trades(floor: Floor) -> None:
    await at_the_desk(floor, MONDAY_CLOSES - MS)
    order = await extended(floor, MONDAY_CLOSES - MS, "buy 10 AAPL limit 148", "gtc")

    await floor.quote(MONDAY_ENDS, "147.00", "148.00")

    assert await floor.now(order) == ("new", 0, "")


async def test_trailing_stop_does_not_follow_what_others_trade_on_in_extended_hours(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_OPENS)
    await floor.place(FRIDAY_OPENS, "buy 10 AAPL")
    await floor.quote(FRIDAY_OPENS + MS, "149.00", "150.00")
    stop = await floor.place(FRIDAY_OPENS + MS, "sell 10 AAPL trail 5", "gtc")
    buy = await extended(floor, FRIDAY_OPENS + MS, "buy 1 AAPL limit 148", "gtc")
    await floor.quote(FRIDAY_CLOSES + MS, "140.00", "148.00")
    await floor.quote(MONDAY_PRE, "200.00", "201.00")
    await floor.second(MONDAY_OPENS)

    await in_thread(stop.refresh_from_db)
    assert (await floor.now(buy))[0] == "filled"
    assert (stop.status, stop.watermark) == ("new", 149)


async def test_stale_quote_takes_no_order_where_it_could_trade(floor: Floor) -> None:
    await at_the_desk(floor, MONDAY_CLOSES - HOUR)
    at = MONDAY_CLOSES + MS

    refused = await asked(floor, at, "buy 10 AAPL limit 140")
    plain = await floor.answer(at, "buy 10 AAPL limit 140")

    assert refused == Refused({"symbol": "The quote for AAPL is 3600.0 s old; wait for one younger than 15 s"})
    assert isinstance(plain, Placed)


@pytest.mark.parametrize("words", ["buy 10 AAPL", "buy 10 AAPL stop 160", "buy 10 AAPL trail 2%"])
async def test_what_has_no_limit_of_its_own_is_refused(floor: Floor, words: str) -> None:
    answer = await asked(floor, SATURDAY, words)

    assert isinstance(answer, Refused)
    assert answer.errors["extended_hours"].startswith("Extended hours are for limit orders; a ")
    assert not await in_thread(Order.objects.exists)


async def test_a_change_keeps_the_hours(floor: Floor) -> None:
    order = await extended(floor, SATURDAY, "buy 10 AAPL limit 140")

    changed = await in_thread(
        services.replace_order, floor.account, order.pk, Change(Decimal(10), Decimal(152), None), SATURDAY
    )
    await floor.quote(MONDAY_PRE, "151.00", "152.00")

    assert isinstance(changed, Order)
    assert await floor.now(order) == ("filled", 10, "")


# On the page


@pytest.fixture
def kept(desk: Client, settings: Any) -> Client:
    """A desk whose AAPL keeps hours."""
    Instrument.objects.filter(symbol="AAPL").update(calendar="XNYS")
    board.outdated = True
    board.catch_up()
    return desk


def test_around_the_clock_the_ticket_offers_none_and_refuses_them(desk: Client) -> None:
    """R-ORDER"""
    page = desk.get("/orders/ticket/").content.decode()
    answer = desk.post("/orders/", {**FIELDS, "extended_hours": "on"}, headers=HTMX)

    assert "extended_hours" not in page
    assert answer.status_code == 422
    assert "AAPL trades around the clock: it has no extended hours" in answer.content.decode()


def test_ticket_page_and_list_say_it(kept: Client) -> None:
    fields = {**FIELDS, "extended_hours": "on", "time_in_force": "gtc"}

    ticket = kept.get("/orders/ticket/").content.decode()
    sent, again = (kept.post("/orders/", fields, headers=JSON) for _ in range(2))
    other = kept.post("/orders/", {**fields, "extended_hours": ""}, headers=JSON)

    assert 'name="extended_hours"' in ticket
    assert (sent.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert sent.json()["extended_hours"] is True
    assert "Extended hours too" in kept.get(f"/orders/{sent.json()['id']}/").content.decode()
    assert "EXT</abbr>" in kept.get("/orders/").content.decode()
    assert [row["extended_hours"] for row in order_rows(Order.objects.all())] == ["true"]


def test_what_is_no_tick_is_named(kept: Client) -> None:
    answer = kept.post("/orders/", {**FIELDS, "extended_hours": "maybe"}, headers=JSON)

    assert answer.json() == {"errors": {"extended_hours": ["Extended hours must be on, or empty"]}}
