"""R-SCALE: a web process that does not hear the desk reads what it saves, soon and over and over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.live import bus
from apps.live.running import running_hub, stop_hub
from apps.market import services, wire
from apps.market.feeds.simulated import Simulated
from apps.market.queries import MarketStatus
from apps.market.quotes import board
from apps.market.saved import SILENT, UNTOLD_SECONDS, SavedQuotes
from tests.live.conftest import Reader
from tests.patience import at_most

from .build import instrument, later, tick

pytestmark = pytest.mark.django_db(transaction=True)

AWAY = "redis://127.0.0.1:1"
WITHIN = 40.0
LOOKED = at_most(1.0)  # seconds: it takes a fifth of one by itself


@pytest.fixture
async def market(settings: Any) -> AsyncIterator[None]:
    """Open, in a process that has a Redis and hears nothing from it."""
    settings.REDIS_URL = AWAY
    await sync_to_async(instrument)("AAPL")
    await sync_to_async(instrument)("MSFT")
    await sync_to_async(services.open_session)(Simulated(1))
    yield
    await stop_hub()


async def until(true: Callable[[], bool]) -> float:
    started = time.monotonic()
    async with asyncio.timeout(WITHIN):
        while not true():
            await asyncio.sleep(0.01)
    return time.monotonic() - started


async def test_page_shows_each_saved_quote_within_a_moment(market: None) -> None:
    """Again and again: what was read by itself does not count as heard."""
    hub, page, took = running_hub(), Reader(1), []
    hub.join(page, ["quote/AAPL"])
    await page.until(bool)

    for last in ("10", "11", "12"):
        await sync_to_async(services.save_quotes)([tick(last, timezone.now())])
        took.append(await until(lambda last=last: f"<b>{last}.00</b>" in page.got[-1]))  # type: ignore[misc]

    assert max(took) < LOOKED


async def test_any_word_of_the_desk_ends_the_silence_after_a_while(market: None) -> None:
    """A desk without quotes says so: a quiet market costs no query."""
    saved = SavedQuotes()
    saved.heard_at -= 2 * SILENT
    silent = saved.must_read()

    saved.hear([])
    await saved.look()
    just_heard = saved.must_read()
    saved.again_at -= 2 * UNTOLD_SECONDS
    await saved.look()

    assert (silent, just_heard, saved.must_read()) == (True, True, False)


async def test_closed_market_and_lone_process_read_nothing(market: None, settings: Any) -> None:
    saved = SavedQuotes()
    saved.heard_at -= 2 * SILENT

    settings.REDIS_URL = ""
    alone = saved.must_read()
    settings.REDIS_URL = AWAY
    board.learn(MarketStatus(is_open=False))

    assert (alone, saved.must_read()) == (False, False)


async def test_quote_that_was_not_told_is_found_though_newer_ones_are_heard(market: None) -> None:
    """Redis is back before the desk has saved what it could not tell; that symbol may rest for long."""
    bus.attach(asyncio.get_running_loop())
    now = timezone.now()
    saved = SavedQuotes()
    bus.subscribe(wire.QUOTES, saved.hear)
    saved.heard_at -= 2 * SILENT
    following = asyncio.create_task(saved.follow())

    bus.publish(wire.QUOTES, [wire.pack(tick("20", later(1, now), "MSFT"))])
    await sync_to_async(services.save_quotes)([tick("10", now, "AAPL")])
    took = await until(lambda: "AAPL" in board.quotes)

    bus.unsubscribe(wire.QUOTES, saved.hear)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert took < LOOKED
