"""The real desk's loop: what crosses on the path of its quotes is told once, whatever is cut, killed or late."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from django.db import connection

from apps.portfolio.models import Account
from apps.traderalerts import services
from apps.traderalerts.models import TraderAlert
from apps.traderalerts.watching import AlertWatcher
from apps.trades import filling
from apps.trades.engine import Desk
from apps.trades.threads import in_thread
from tests.trades.scripted import WITHIN, Rings, Scripted, place, quoted, running, scripted_desk

from .conftest import MakeAlert
from .watched import MINUTE, at, fired, told, watcher_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def desk(account: Account) -> Desk:
    return await scripted_desk()


async def test_running_desk_tells_of_a_crossing(desk: Desk, make: MakeAlert) -> None:
    """From the feed to the event, with the desk's own parts; made while it runs, by its ring."""
    stop, feed = asyncio.Event(), desk.feed
    assert isinstance(feed, Scripted)

    async with running(desk.run(stop)) as [turn]:
        feed.say("149.99", "150.01")
        async with asyncio.timeout(WITHIN):
            await feed.taken.wait()
        alert = await in_thread(make, "price_above", "151", at=datetime.now(UTC))
        feed.say("150.50", "150.52")
        feed.say("151.10", "151.12")
        feed.say("149.99", "150.01")
        await Rings().until(lambda: told() == 1)
        stop.set()
        async with asyncio.timeout(WITHIN):
            await turn

    await in_thread(alert.refresh_from_db)
    assert (alert.state, alert.value, alert.crossed_after) == ("fired", Decimal("151.12"), None)
    assert alert.told_at - alert.crossed_at < timedelta(seconds=WITHIN)


@pytest.mark.parametrize("seed", range(5))
async def test_path_fires_once_however_it_is_cut_into_batches(
    desk: Desk, make: MakeAlert, now: datetime, seed: int
) -> None:
    """Many alerts, one path: each level that the path reached is told once, with the first price that was beyond."""
    dice, watcher = random.Random(seed), watcher_of(desk)
    levels = [Decimal(dice.randint(15002, 15200)) / 100 for _ in range(12)]
    path = [Decimal(dice.randint(14800, 15150)) / 100 for _ in range(60)]
    for level in levels:
        await in_thread(make, "price_above", str(level))
    await watcher.begin()
    quotes = [at(price, now + timedelta(milliseconds=10 * place)) for place, price in enumerate(path, start=1)]

    while quotes:
        cut = dice.randint(1, 9)
        watcher.take(quotes[:cut])
        quotes = quotes[cut:]
        if dice.random() < 0.5:
            await watcher.turn()
    await watcher.turn()

    expected = sorted(
        (level, next(price for price in path if price >= level)) for level in levels if max(path) >= level
    )
    rows = await in_thread(fired)
    assert sorted((row.threshold, row.value) for row in rows) == expected
    assert await in_thread(told) == len(expected)


async def test_quote_that_came_before_the_alert_was_read_counts(desk: Desk, make: MakeAlert, now: datetime) -> None:
    """Made, crossed and back before the desk has looked: the quotes that came meanwhile are played to it."""
    watcher = watcher_of(desk)
    await watcher.begin()
    await in_thread(make, "price_above", "151")
    watcher.take([at("151.50", now + MINUTE / 60), at("150.00", now + MINUTE / 30)])
    watcher.changed = True

    await watcher.turn()

    assert [row.value for row in await in_thread(fired)] == [Decimal("151.50")]


async def test_quotes_from_before_the_alert_do_not_count(desk: Desk, make: MakeAlert, now: datetime) -> None:
    watcher = watcher_of(desk)
    await watcher.begin()
    watcher.take([at("151.50", now - MINUTE / 60), at("150.00", now - MINUTE / 120)])
    await in_thread(make, "price_above", "151")
    watcher.changed = True

    await watcher.turn()
    watcher.take([at("150.90", now + MINUTE / 60)])
    await watcher.turn()

    assert await in_thread(fired) == []


async def test_what_cannot_be_told_now_is_told_later_with_its_time(
    desk: Desk, make: MakeAlert, now: datetime, caplog: Any
) -> None:
    """The table of events is away for one turn, and there at the next."""
    watcher = watcher_of(desk)
    await in_thread(make, "price_above", "151")
    await watcher.begin()
    watcher.take([at("151.50", now + MINUTE / 60), at("150.00", now + MINUTE / 30)])
    await in_thread(renamed, "live_event", "live_event_away")
    try:
        await watcher.turn()
    finally:
        await in_thread(renamed, "live_event_away", "live_event")
    assert await in_thread(fired) == []

    await watcher.turn()

    (row,) = await in_thread(fired)
    assert (row.value, row.crossed_at) == (Decimal("151.50"), now + MINUTE / 60)
    assert await in_thread(told) == 1


def renamed(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


async def test_two_desks_that_saw_the_same_tell_it_once(desk: Desk, make: MakeAlert, now: datetime) -> None:
    await in_thread(make, "price_above", "151")
    both = [watcher_of(desk), watcher_of(await scripted_desk())]
    for watcher in both:
        await watcher.begin()
        watcher.take([at("151.20", now + MINUTE / 60)])

    await asyncio.gather(*[watcher.turn() for watcher in both])

    assert await in_thread(told) == 1


async def test_repeat_fires_anew_only_after_the_price_has_come_back(
    desk: Desk, make: MakeAlert, now: datetime
) -> None:
    """The desk is another one after the price has come back: it knows."""
    watcher, second = watcher_of(desk), MINUTE / 60
    alert = await in_thread(make, "price_above", "151", repeat=True)
    await watcher.begin()
    await take_and_turn(watcher, "151.20", now + second)
    await in_thread(services.acknowledge, alert, now + 2 * second)
    await in_thread(TraderAlert.objects.filter(pk=alert.pk).update, base=Decimal("151.20"))

    counts = []
    for number, price in enumerate(["151.30", "151.40", "150.90"], start=3):
        await take_and_turn(watcher, price, now + number * second)
        counts.append(await in_thread(told))
    next_one = watcher_of(await scripted_desk())
    await next_one.begin()
    await take_and_turn(next_one, "151.10", now + 9 * second)

    assert counts == [1, 1, 1]
    assert await in_thread(told) == 2


async def take_and_turn(watcher: AlertWatcher, price: str, moment: datetime) -> None:
    watcher.changed = True
    await watcher.turn()
    watcher.take([at(price, moment)])
    await watcher.turn()


async def test_day_pnl_is_looked_at_each_second(desk: Desk, make: MakeAlert, account: Account, ticket: Any) -> None:
    watcher = watcher_of(desk)
    await in_thread(lambda: account.user.trader_alerts.count())
    await quoted(desk)
    await place(account, ticket("buy 100 AAPL"))
    await in_thread(filling.match_symbol, "AAPL", desk.newest["AAPL"], None, datetime.now(UTC))
    rise, fall = [
        await in_thread(make, kind, level, "", at=datetime.now(UTC))
        for kind, level in (("pnl_above", "200"), ("pnl_below", "-5000"))
    ]
    await watcher.begin()

    for bid in ("150.50", "152.50"):
        await quoted(desk, bid, bid)
        await watcher.look_at_days()
        await watcher.turn()

    states = []
    for alert in (rise, fall):
        await in_thread(alert.refresh_from_db)
        states.append(alert.state)
    assert states == ["fired", "waiting"]
    assert rise.value >= 200


async def test_a_quote_that_reaches_nothing_is_cheap_however_many_wait(
    desk: Desk, alice: Any, make: MakeAlert, now: datetime, record_property: Any
) -> None:
    """On the event loop Django refuses any query: this would raise."""
    first = await in_thread(make, "price_above", "151")
    row = {
        field.attname: getattr(first, field.attname)
        for field in TraderAlert._meta.concrete_fields
        if field.attname != "id"
    }
    more = [TraderAlert(**{**row, "threshold": Decimal(151) + Decimal(n) / 100}) for n in range(5000)]
    await in_thread(TraderAlert.objects.bulk_create, more)
    watcher = watcher_of(desk)
    await watcher.begin()
    quotes = [at("150.00", now + timedelta(milliseconds=n)) for n in range(1, 5001)]

    started = time.thread_time()  # the cores are shared with others
    watcher.take(quotes)
    each = (time.thread_time() - started) / len(quotes)

    record_property("figure", f"a quote past 5,001 alerts that it does not reach in {each * 1e6:.1f} µs")
    assert len(watcher.bands["AAPL"]) == 5001
    assert each < 0.0005
