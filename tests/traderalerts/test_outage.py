"""After an outage an alert says between which moments it crossed, as exactly as quotes and minutes on record say."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
import pytest_asyncio

from apps.market import services as market
from apps.market.bars import MinuteBar, minute_of
from apps.market.models import LastQuote
from apps.portfolio.models import Account
from apps.trades.engine import Desk
from apps.trades.threads import in_thread
from tests.trades.scripted import scripted_desk

from .conftest import MakeAlert
from .watched import MINUTE, at, told, watcher_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def desk(account: Account) -> Desk:
    return await scripted_desk()


def kept(bars: list[MinuteBar], last: str, moment: datetime) -> None:
    """What the desk before has saved."""
    market.save_quotes([at(last, moment)])
    market.save_bars(bars)


def minute(start: datetime, *prices: str) -> MinuteBar:
    opened, high, low, close = map(Decimal, prices)
    return MinuteBar("AAPL", start, opened, high, low, close)


async def test_after_an_outage_the_minutes_say_when_it_crossed(desk: Desk, make: MakeAlert, now: datetime) -> None:
    """Nobody was the desk for ten minutes; the price was beyond within the fourth, and is back."""
    down = minute_of(now) - 10 * MINUTE
    alert = await in_thread(make, "price_above", "151", at=down - 5 * MINUTE)
    bars = [minute(down + n * MINUTE, "150", "150.5", "149", "150") for n in range(1, 10)]
    bars[3] = minute(down + 4 * MINUTE, "150", "151.75", "150", "150.10")
    await in_thread(kept, bars, "150.00", down)

    await watcher_of(desk).begin()
    await watcher_of(desk).turn()

    await in_thread(alert.refresh_from_db)
    assert (alert.crossed_after, alert.crossed_at) == (down + 4 * MINUTE, down + 5 * MINUTE)
    assert (alert.value, await in_thread(told)) == (Decimal(151), 1)
    assert alert.told_at >= now


async def test_after_an_outage_without_minutes_it_crossed_in_between(
    desk: Desk, make: MakeAlert, now: datetime
) -> None:
    down = now - 10 * MINUTE
    alert = await in_thread(make, "price_above", "151", at=down - MINUTE)
    await in_thread(kept, [], "150.00", down)
    await watcher_of(desk).begin()

    watcher_of(desk).take([at("151.20", now)])
    await watcher_of(desk).turn()

    await in_thread(alert.refresh_from_db)
    assert (alert.crossed_after, alert.crossed_at, alert.value) == (down, now, Decimal("151.20"))


async def test_minutes_that_stayed_below_narrow_it_down(desk: Desk, make: MakeAlert, now: datetime) -> None:
    down = minute_of(now) - 10 * MINUTE
    alert = await in_thread(make, "price_above", "151", at=down - MINUTE)
    bars = [minute(down + n * MINUTE, "150", "150.5", "149", "150") for n in range(1, 10)]
    await in_thread(kept, bars, "150.00", down)
    await watcher_of(desk).begin()

    watcher_of(desk).take([at("151.20", now + MINUTE)])
    await watcher_of(desk).turn()

    await in_thread(alert.refresh_from_db)
    assert (alert.crossed_after, alert.crossed_at) == (minute_of(now), now + MINUTE)


async def test_what_the_dead_desk_saw_and_did_not_tell_is_told(desk: Desk, make: MakeAlert, now: datetime) -> None:
    alert = await in_thread(make, "price_above", "151", at=now - 2 * MINUTE)
    await in_thread(kept, [], "151.30", now - MINUTE)

    for again in (desk, await scripted_desk()):
        await watcher_of(again).begin()
        watcher_of(again).take([at("151.40", now)])
        await watcher_of(again).turn()

    await in_thread(alert.refresh_from_db)
    assert (alert.crossed_at, alert.crossed_after, await in_thread(told)) == (now - MINUTE, None, 1)


async def test_a_jump_between_two_minutes_is_dated_by_both(desk: Desk, make: MakeAlert, now: datetime) -> None:
    """Minutes are missing before the one that opens beyond."""
    down = minute_of(now) - 10 * MINUTE
    alert = await in_thread(make, "price_above", "151", at=down - 5 * MINUTE)
    bars = [
        minute(down + 2 * MINUTE, "150", "150", "150", "150"),
        minute(down + 6 * MINUTE, "152", "152", "152", "152"),
    ]
    await in_thread(kept, bars, "150.00", down)

    await watcher_of(desk).begin()
    await watcher_of(desk).turn()

    await in_thread(alert.refresh_from_db)
    assert (alert.crossed_after, alert.crossed_at) == (down + 3 * MINUTE, down + 6 * MINUTE)
    assert alert.value == Decimal(152)


async def test_minutes_from_before_the_alert_do_not_count(desk: Desk, make: MakeAlert, now: datetime) -> None:
    """Made while nobody was the desk: what the price did before that is no crossing of it."""
    down = minute_of(now) - 10 * MINUTE
    alert = await in_thread(make, "price_above", "151", at=down + 5 * MINUTE + MINUTE / 2)
    bars = [minute(down + n * MINUTE, "150", "152", "150", "150") for n in (3, 5)]
    await in_thread(kept, bars, "150.00", down)

    await watcher_of(desk).begin()
    await watcher_of(desk).turn()

    await in_thread(alert.refresh_from_db)
    assert (alert.state, await in_thread(told)) == ("waiting", 0)


async def test_minutes_of_another_clock_say_nothing(desk: Desk, make: MakeAlert, now: datetime) -> None:
    """A replay's minutes are of a day of its own: only the quotes are of ours."""
    down = minute_of(now) - 10 * MINUTE
    alert = await in_thread(make, "price_above", "151", at=down - 5 * MINUTE)
    await in_thread(kept, [minute(down + 4 * MINUTE, "150", "152", "150", "150")], "150.00", down)
    await in_thread(LastQuote.objects.update, venue_at=down - 1000 * MINUTE)

    await watcher_of(desk).begin()
    await watcher_of(desk).turn()

    await in_thread(alert.refresh_from_db)
    assert alert.state == "waiting"
