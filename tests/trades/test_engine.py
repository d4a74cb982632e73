"""The desk's loop with a scripted feed, a real database and real threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from apps import telemetry
from apps.live import bus
from apps.market.feeds import FeedError, Listing
from apps.market.models import Bar, LastQuote, MarketState
from apps.market.quotes import board
from apps.portfolio.models import Account, EquityPoint, SessionEquity
from apps.trades import engine
from apps.trades.engine import Desk
from apps.trades.models import DeskLease, Order
from apps.trades.threads import in_thread
from apps.trades.ticket import Ticket
from apps.trades.turns import run_desk

from .scripted import WITHIN, Rings, Scripted, place, quoted, running, scripted_desk, status_of

pytestmark = pytest.mark.django_db(transaction=True)
Words = Callable[..., Ticket]


@pytest_asyncio.fixture
async def desk(account: Account) -> Desk:
    return await scripted_desk()


async def test_new_order_is_matched_at_once_by_its_ring(desk: Desk, account: Account, ticket: Words) -> None:
    """R-BROKER: no new quote comes and no second passes, so only the ring can have woken the matching."""
    await quoted(desk)
    await desk.match_waiting()
    bus.subscribe(bus.RINGS, desk.hear_ring)

    async with running(desk.match()):
        order = await place(account, ticket("buy 10 AAPL"))
        await Rings().until(lambda: status_of(order) == "filled")

    bus.unsubscribe(bus.RINGS, desk.hear_ring)


async def test_order_whose_ring_was_lost_is_found_within_a_second(desk: Desk, account: Account, ticket: Words) -> None:
    await quoted(desk)
    order = await place(account, ticket("buy 10 AAPL"))

    await desk.each_second(datetime.now(UTC))
    await desk.match_waiting()

    assert await in_thread(status_of, order) == "filled"


async def test_displayed_size_is_taken_once(desk: Desk, account: Account, ticket: Words) -> None:
    await quoted(desk, size=15)
    orders = []
    for _ in range(2):
        orders.append(await place(account, ticket("buy 10 AAPL")))
        desk.orders_changed = True
        await desk.match_waiting()

    first, second = [await in_thread(Order.objects.get, pk=order.pk) for order in orders]

    assert (first.cum_qty, second.cum_qty) == (10, 5)
    await quoted(desk, size=15)
    await desk.match_waiting()
    assert await in_thread(status_of, second) == "filled"


async def test_quote_that_moves_no_order_is_seen_without_the_database(
    desk: Desk, account: Account, ticket: Words
) -> None:
    """On the event loop Django refuses any query: this one would raise."""
    await place(account, ticket("buy 10 AAPL limit 149.50"))
    await quoted(desk)
    await desk.match_waiting()

    asked = []
    for bid, ask in [("149.60", "149.62"), ("149.40", "149.42")]:
        await quoted(desk, bid, ask)
        asked.append(desk.broker.would_fill(desk.newest["AAPL"], datetime.now(UTC)))

    assert asked == [False, True]


async def test_without_the_lease_nothing_fills(desk: Desk, account: Account, ticket: Words) -> None:
    """R-SCALE"""
    await quoted(desk)
    order = await place(account, ticket("buy 10 AAPL"))

    await in_thread(desk.lease.give_back)
    await desk.match_waiting()

    assert await in_thread(status_of, order) == "new"
    assert desk.lost.is_set()


async def test_lease_taken_by_another_ends_the_turn(desk: Desk, caplog: Any) -> None:
    def another_takes_it() -> None:
        DeskLease.objects.update(holder="another", until=datetime.now(UTC) + timedelta(hours=1))

    await in_thread(another_takes_it)
    with caplog.at_level(logging.CRITICAL, "apps.trades.engine"):
        async with asyncio.timeout(WITHIN):
            await desk.run(asyncio.Event())

    assert desk.lease.held is False
    assert (await in_thread(DeskLease.objects.get)).holder == "another"


async def test_turn_takes_quotes_fills_and_saves(desk: Desk, account: Account, ticket: Words) -> None:
    """R-QUOTES: the whole loop, from the feed to the saved quote."""
    stop, feed = asyncio.Event(), desk.feed
    assert isinstance(feed, Scripted)

    async with running(desk.run(stop)) as [turn]:
        feed.say("160.00", "160.02")
        async with asyncio.timeout(WITHIN):
            await feed.taken.wait()
        order = await place(account, ticket("buy 10 AAPL"))
        await Rings().until(lambda: status_of(order) == "filled")
        stop.set()
        async with asyncio.timeout(WITHIN):
            await turn

    assert order.avg_px == Decimal("160.02")
    assert (await in_thread(LastQuote.objects.get)).ask == Decimal("160.02")
    assert (await in_thread(Bar.objects.latest, "start")).close == Decimal("160.02")
    state = await in_thread(MarketState.objects.get)
    assert (state.feed, state.is_open) == ("scripted", True)


async def test_each_minute_bars_and_equity_are_kept(desk: Desk) -> None:
    minute = datetime.now(UTC).replace(second=10)
    counts = []
    for seconds in (0, 1, 60):
        await quoted(desk)
        await desk.each_minute(minute + timedelta(seconds=seconds))
        counts.append(await in_thread(EquityPoint.objects.count))

    assert counts == [1, 1, 2]
    assert await in_thread(Bar.objects.count) == 1


async def test_lost_line_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setattr(engine, "FEED_RETRY_SECONDS", 0.0)
    feed, before = desk.feed, telemetry.value(telemetry.faults)
    assert isinstance(feed, Scripted)
    feed.lose()
    feed.say("149.99", "150.01")

    with caplog.at_level(logging.CRITICAL, "apps.trades.engine"):
        async with running(desk.follow_feed()), asyncio.timeout(WITHIN):
            await feed.taken.wait()

    assert telemetry.value(telemetry.faults) == before + 1
    assert "AAPL" in desk.newest


async def test_desk_begins_anew_after_a_turn_that_failed(account: Account, caplog: Any) -> None:
    """The first feed cannot say what it quotes; the next one can."""

    class Unreachable(Scripted):
        def instruments(self) -> list[Listing]:
            raise FeedError("the venue does not answer")

    feeds, stop = [Scripted(), Unreachable()], asyncio.Event()
    good = feeds[0]
    good.say("149.99", "150.01")

    with caplog.at_level(logging.CRITICAL, "apps.trades.turns"):
        async with running(run_desk(stop, lambda settings: feeds.pop())) as [desk], asyncio.timeout(WITHIN):
            await good.taken.wait()
            stop.set()
            await desk

    lease = await in_thread(DeskLease.objects.get)
    assert (lease.holder, lease.until) == ("", None)


async def test_closing_ends_day_orders(desk: Desk, account: Account, ticket: Words) -> None:
    await quoted(desk)
    day = await place(account, ticket("buy 10 AAPL limit 100", "day"))
    gtc = await place(account, ticket("buy 10 AAPL limit 100", "gtc"))
    feed = desk.feed
    assert isinstance(feed, Scripted)

    feed.is_open = False
    await desk.each_second(datetime.now(UTC))

    assert [await in_thread(status_of, order) for order in (day, gtc)] == ["expired", "new"]
    state = await in_thread(MarketState.objects.get)
    assert (state.is_open, state.reason) == (False, "The script is over")


async def test_next_session_ends_what_a_dead_desk_left(desk: Desk, account: Account, ticket: Words) -> None:
    await quoted(desk)
    order = await place(account, ticket("buy 10 AAPL limit 100", "day"))
    await in_thread(
        Order.objects.filter(pk=order.pk).update, session_date=desk.feed.session().date - timedelta(days=3)
    )

    await desk.each_second(datetime.now(UTC))

    assert await in_thread(status_of, order) == "expired"


async def closed_days() -> list[date]:
    return await in_thread(lambda: list(SessionEquity.objects.values_list("session_date", flat=True)))


async def test_books_are_closed_with_the_session_before_the_next_one_begins(desk: Desk, account: Account) -> None:
    yesterday = desk.feed.session().date - timedelta(days=1)
    await in_thread(MarketState.objects.update, session_date=yesterday)

    for _ in range(2):
        await desk.each_second(datetime.now(UTC))

    state = await in_thread(MarketState.objects.get)
    assert (await closed_days(), state.session_date) == ([yesterday], desk.feed.session().date)


async def test_restarted_desk_closes_the_books_that_a_dead_one_left_open(desk: Desk, account: Account) -> None:
    """The session ended while no desk ran: it is booked before the next opens, and a third start changes nothing."""
    ended = desk.feed.clock() - timedelta(hours=1)
    await in_thread(MarketState.objects.update, session_date=ended.date() - timedelta(days=1), closes_at=ended)

    for _ in range(2):
        again, stop = await scripted_desk(), asyncio.Event()
        assert isinstance(again.feed, Scripted)
        again.feed.say("149.99", "150.01")
        async with running(again.run(stop)) as [turn], asyncio.timeout(WITHIN):
            await again.feed.taken.wait()
            stop.set()
            await turn

    assert await closed_days() == [ended.date() - timedelta(days=1)]


async def test_fault_in_one_step_is_counted_each_time_and_told_once(desk: Desk, caplog: Any) -> None:
    async def fails() -> None:
        raise RuntimeError("broken")

    async def works() -> None:
        return None

    before = telemetry.value(telemetry.faults)
    for step in (fails, fails, works, fails):
        await desk.step("save", step)

    assert telemetry.value(telemetry.faults) == before + 3
    assert [record.getMessage() for record in caplog.records] == ["desk: save failed with []"] * 2


async def test_order_that_cannot_be_booked_is_told_once_and_others_fill(
    desk: Desk, account: Account, ticket: Words, caplog: Any
) -> None:
    broken = await place(account, ticket("buy 10 AAPL"))
    await in_thread(Account.objects.filter(pk=account.pk).update, reserved=0)
    fine = await place(account, ticket("buy 10 AAPL"))
    await in_thread(Account.objects.filter(pk=account.pk).update, reserved=fine.reserved)
    await in_thread(Order.objects.filter(pk=broken.pk).update, reserved=Decimal(50_000))

    for _ in range(3):
        desk.orders_changed = True
        await quoted(desk)
        await desk.match_waiting()

    assert [await in_thread(status_of, order) for order in (broken, fine)] == ["new", "filled"]
    told = [(record.getMessage(), vars(record)["order"]) for record in caplog.records]
    assert told == [("an order was not matched", str(broken.pk))]


async def test_quotes_reach_the_board_before_they_are_matched(desk: Desk) -> None:
    await quoted(desk, "151.00", "151.02")

    latest = board.latest("AAPL")
    assert latest is not None
    assert latest.ask == Decimal("151.02")
