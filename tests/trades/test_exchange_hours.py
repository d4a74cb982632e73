"""A desk whose stocks keep New York's hours, told by a scripted feed: the days around Thanksgiving 2026."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from apps.desk.order import OrderType
from apps.live import bus
from apps.market.models import Bar
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.models import Journal
from apps.trades import services
from apps.trades.models import Fill
from apps.trades.threads import in_thread
from apps.trades.ticket import Change, Refused

from .floor import (
    FRIDAY_CLOSES,
    FRIDAY_OPENS,
    MONDAY_CLOSES,
    MONDAY_OPENS,
    MS,
    SATURDAY,
    THANKSGIVING,
    Floor,
    at_the_desk,
    utc,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def floor(alice: Any, settings: Any) -> AsyncIterator[Floor]:
    """Started on a Saturday, with one quote from then, as a feed that never closes gives it."""
    settings.MARKET_CALENDAR = "XNYS"
    bus.attach(asyncio.get_running_loop())
    floor = Floor(await in_thread(portfolio.open_account, alice, Decimal(100_000)))
    await floor.start(SATURDAY)
    await floor.quote(SATURDAY, "149.00", "150.00")
    yield floor
    assert floor.desk.faults == set()


async def test_desk_started_on_a_weekend_takes_orders_for_monday(floor: Floor) -> None:
    orders = [await floor.place(SATURDAY, "buy 10 AAPL", tif) for tif in ("day", "gtc")]
    await floor.second(SATURDAY)

    assert [await floor.now(order) for order in orders] == [("new", 0, "")] * 2
    assert {order.session_date for order in orders} == {MONDAY_OPENS.date()}

    await floor.quote(MONDAY_OPENS - MS, "159.00", "160.00")
    await floor.second(MONDAY_OPENS)
    assert [await floor.now(order) for order in orders] == [("new", 0, "")] * 2

    await floor.quote(MONDAY_OPENS, "151.00", "152.00")
    assert [await floor.now(order) for order in orders] == [("filled", 10, "")] * 2
    assert orders[0].avg_px == 152


async def test_quotes_of_closed_hours_are_dropped_once_there_is_one(floor: Floor) -> None:
    await floor.quote(SATURDAY + timedelta(seconds=1), "9.00", "10.00")
    closed = board.quotes["AAPL"].ask
    await floor.quote(MONDAY_OPENS - timedelta(hours=1), "151.00", "152.00")

    assert (closed, board.quotes["AAPL"].ask) == (150, 152)


async def test_order_a_millisecond_before_the_early_close_ends_with_it(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_CLOSES - MS)
    late = await floor.place(FRIDAY_CLOSES - MS, "buy 10 AAPL")
    lasting = await floor.place(FRIDAY_CLOSES - MS, "buy 10 AAPL", "gtc")
    at_once = await floor.place(FRIDAY_CLOSES - MS, "buy 10 AAPL", "ioc")
    await floor.second(FRIDAY_CLOSES)

    assert late.session_date == FRIDAY_CLOSES.date()
    assert await floor.now(late) == ("expired", 0, "The session it was good for is over")
    assert await floor.now(at_once) == ("canceled", 0, "What could not be filled at once is cancelled")
    assert await floor.now(lasting) == ("new", 0, "")


async def test_order_a_millisecond_after_the_early_close_is_for_the_next_session(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_CLOSES - MS)
    order = await floor.place(FRIDAY_CLOSES + MS, "buy 10 AAPL")
    await floor.second(FRIDAY_CLOSES + 2 * MS)
    await floor.quote(FRIDAY_CLOSES + timedelta(hours=1), "100.00", "101.00")

    assert order.session_date == MONDAY_OPENS.date()
    assert await floor.now(order) == ("new", 0, "")

    await floor.second(MONDAY_CLOSES)
    assert (await floor.now(order))[0] == "expired"


async def test_day_order_that_waits_ends_at_the_early_close_and_not_before(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_OPENS)
    order = await floor.place(FRIDAY_OPENS, "buy 10 AAPL limit 140")

    await floor.second(FRIDAY_CLOSES - MS)
    before = await floor.now(order)
    await floor.second(FRIDAY_CLOSES)

    assert (before[0], (await floor.now(order))[0]) == ("new", "expired")


async def test_after_hours_over_midnight_utc_end_no_order(floor: Floor) -> None:
    """Monday's close is 21:00 UTC, its after hours end at 01:00 on Tuesday: the feed's day turns, no session does."""
    await at_the_desk(floor, MONDAY_CLOSES)
    order = await floor.place(MONDAY_CLOSES, "buy 10 AAPL limit 140")

    await floor.second(utc("2026-11-30T23:59:59"))
    await floor.second(utc("2026-12-01T00:00:01"))

    assert order.session_date == date(2026, 12, 1)
    assert await floor.now(order) == ("new", 0, "")


@pytest.mark.parametrize("tif", ["ioc", "fok"])
async def test_on_a_holiday_what_trades_at_once_is_denied_with_the_next_open(floor: Floor, tif: str) -> None:
    answer = await floor.answer(THANKSGIVING, "buy 10 AAPL", tif)

    assert answer == Refused(
        {"time_in_force": "The market is closed, so nothing can trade at once; it opens Fri 27 Nov 14:30 UTC"}
    )


async def test_order_for_the_open_meets_the_first_quote_of_the_session_alone(floor: Floor) -> None:
    order = await floor.place(SATURDAY, "buy 30 AAPL", "opg")
    limited = await floor.place(SATURDAY, "buy 10 AAPL limit 140", "opg")
    await floor.quote(MONDAY_OPENS - MS, "99.00", "100.00")

    await floor.quote(MONDAY_OPENS + MS, "151.00", "152.00", size=20)

    assert await floor.now(order) == ("canceled", 20, "What the opening did not fill is cancelled")
    assert order.avg_px == 152
    assert await floor.now(limited) == ("canceled", 0, "What the opening did not fill is cancelled")


async def test_order_for_the_open_does_not_take_a_quote_for_it_that_comes_late(floor: Floor) -> None:
    order = await floor.place(SATURDAY, "buy 10 AAPL", "opg")

    await floor.quote(MONDAY_OPENS + timedelta(minutes=5), "151.00", "152.00")

    assert await floor.now(order) == ("canceled", 0, "What the opening did not fill is cancelled")


async def test_order_for_the_close_meets_the_last_quote_before_it(floor: Floor) -> None:
    await at_the_desk(floor, MONDAY_OPENS)
    order = await floor.place(MONDAY_OPENS, "buy 30 AAPL", "cls")
    limited = await floor.place(MONDAY_OPENS, "buy 10 AAPL limit 154.99", "cls")
    await floor.quote(MONDAY_OPENS + timedelta(hours=1), "140.00", "141.00")
    await floor.quote(MONDAY_CLOSES - timedelta(seconds=2), "154.00", "155.00", size=25)
    untouched = await floor.now(order)
    await floor.quote(MONDAY_CLOSES, "99.00", "100.00")

    await floor.second(MONDAY_CLOSES + MS)

    fill = await in_thread(Fill.objects.get)
    assert untouched == ("new", 0, "")
    assert await floor.now(order) == ("canceled", 25, "What the close did not fill is cancelled")
    assert await floor.now(limited) == ("canceled", 0, "What the close did not fill is cancelled")
    assert (fill.last_px, fill.at, fill.quote_age_ms) == (155, MONDAY_CLOSES, 2000)
    assert (await in_thread(Journal.objects.get, ref=fill.exec_id)).session_date == MONDAY_CLOSES.date()


async def test_order_for_the_close_of_a_half_day_is_for_13_00(floor: Floor) -> None:
    """Not for 16:00, when after hours are on: what is quoted in these is no close."""
    await at_the_desk(floor, FRIDAY_OPENS)
    order = await floor.place(FRIDAY_OPENS, "buy 10 AAPL", "cls")
    await floor.quote(FRIDAY_CLOSES - MS, "154.00", "155.00")
    untouched = await floor.now(order)

    await floor.second(FRIDAY_CLOSES)

    fill = await in_thread(Fill.objects.get)
    assert (untouched, await floor.now(order)) == (("new", 0, ""), ("filled", 10, ""))
    assert (fill.last_px, fill.at) == (155, FRIDAY_CLOSES)


async def test_order_for_the_close_is_cancelled_where_no_fresh_quote_was(floor: Floor) -> None:
    await at_the_desk(floor, MONDAY_OPENS)
    order = await floor.place(MONDAY_OPENS, "buy 10 AAPL", "cls")

    await floor.second(MONDAY_CLOSES)

    assert await floor.now(order) == ("canceled", 0, "What the close did not fill is cancelled")


async def test_order_for_a_later_close_waits_for_it(floor: Floor) -> None:
    """Placed right after Friday's close, before the desk has looked at that: Friday's last quote is not for it."""
    await at_the_desk(floor, FRIDAY_CLOSES - MS)
    order = await floor.place(FRIDAY_CLOSES, "buy 10 AAPL", "cls")

    await floor.second(FRIDAY_CLOSES)
    waits = await floor.now(order)
    await floor.quote(MONDAY_CLOSES - MS, "154.00", "155.00")
    await floor.second(MONDAY_CLOSES)

    assert (waits, await floor.now(order)) == (("new", 0, ""), ("filled", 10, ""))


async def test_desk_that_was_down_at_the_close_fills_nothing_afterwards(floor: Floor) -> None:
    await at_the_desk(floor, MONDAY_OPENS)
    order = await floor.place(MONDAY_OPENS, "buy 10 AAPL", "cls")

    await at_the_desk(floor, MONDAY_CLOSES + timedelta(minutes=1))
    await floor.second(MONDAY_CLOSES + timedelta(minutes=1))

    assert await floor.now(order) == ("canceled", 0, "What the close did not fill is cancelled")


async def test_after_the_cut_off_an_order_for_the_close_can_be_cancelled_but_not_changed(floor: Floor) -> None:
    await at_the_desk(floor, MONDAY_OPENS)
    late = MONDAY_CLOSES - timedelta(minutes=9)
    order = await floor.place(MONDAY_OPENS, "buy 10 AAPL limit 150", "cls")

    refused = await in_thread(
        services.replace_order, floor.account, order.pk, Change(Decimal(5), Decimal(150), None), late
    )
    cancelled = await in_thread(services.cancel_order, floor.account, order.pk, late)

    assert isinstance(refused, Refused)
    assert refused.errors["time_in_force"].startswith("At the close was taken until Mon 30 Nov 20:50 UTC")
    assert cancelled.status == "canceled"


async def test_trailing_stop_does_not_follow_before_hours(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_CLOSES - timedelta(hours=1))
    await floor.place(FRIDAY_CLOSES - timedelta(hours=1), "buy 10 AAPL")
    await floor.quote(FRIDAY_CLOSES - timedelta(minutes=30), "149.00", "150.00")
    stop = await floor.place(FRIDAY_CLOSES - timedelta(minutes=30), "sell 10 AAPL trail 5", "gtc")

    await floor.quote(MONDAY_OPENS - MS, "200.00", "201.00")
    await floor.second(MONDAY_OPENS)
    await in_thread(stop.refresh_from_db)

    assert (stop.order_type, stop.status, stop.watermark) == (OrderType.TRAILING_STOP, "new", 149)


async def test_change_on_the_desk_counts_from_the_early_close(floor: Floor) -> None:
    await at_the_desk(floor, FRIDAY_CLOSES - timedelta(minutes=2))
    await in_thread(
        lambda: Bar.objects.create(
            instrument=board.instruments["AAPL"],
            start=FRIDAY_CLOSES - timedelta(minutes=1),
            **dict.fromkeys(("open", "high", "low", "close"), Decimal(140)),
            volume=Decimal(1),
        )
    )
    await floor.second(MONDAY_OPENS)
    await floor.quote(MONDAY_OPENS, "153.00", "154.00")
    await in_thread(board.refresh)

    change = board.change("AAPL")
    assert change is not None
    assert (change.amount, change.since_open) == (14, False)
