"""The desk saves what it quotes, and says that it is there: what web processes without Redis live on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio
from channels.layers import channel_layers

from apps.live import bus
from apps.live.remote import RedisLink
from apps.market import services as market
from apps.market import wire
from apps.market.models import LastQuote
from apps.portfolio.models import Account
from apps.trades.engine import SECOND, UNHEARD_SECONDS, Desk
from apps.trades.threads import in_thread

from .scripted import WITHIN, quoted, running, scripted_desk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def redis_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    host = {**settings.REDIS_HOST, "address": "redis://127.0.0.1:1"}
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host]}}
    }
    channel_layers.backends = {}
    link = RedisLink(asyncio.get_running_loop())
    monkeypatch.setattr(bus._bus, "link", lambda loop: link)
    yield
    bus._bus.remote = None
    await link.close()
    channel_layers.backends = {}


@pytest_asyncio.fixture
async def desk(account: Account) -> Desk:
    return await scripted_desk()


async def saved_anew(desk: Desk, price: str) -> None:
    """A quote comes, and the desk saves it by itself."""
    await quoted(desk, price, price)
    async with asyncio.timeout(WITHIN):
        while not await in_thread(LastQuote.objects.filter(ask=Decimal(price)).exists):
            await asyncio.sleep(0.01)


async def test_quotes_are_saved_once_a_second(desk: Desk) -> None:
    await in_thread(market.open_market, desk.feed)

    async with running(desk.keep_quotes()):
        await saved_anew(desk, "150.00")
        began = time.monotonic()
        await saved_anew(desk, "151.00")

    assert time.monotonic() - began > 2 * UNHEARD_SECONDS


async def test_quotes_are_saved_sooner_while_nobody_hears_them(redis_away: None, desk: Desk) -> None:
    """R-SCALE: other processes live on what is saved, so that their quotes are a second and a half old at most."""
    await in_thread(market.open_market, desk.feed)

    async with running(desk.keep_quotes()):
        await saved_anew(desk, "150.00")
        moments = [time.monotonic()]
        for cents in range(8):
            await saved_anew(desk, f"151.0{cents}")
            moments.append(time.monotonic())

    soonest = min(later - sooner for sooner, later in pairwise(moments))  # the machine may hold up any of them
    assert soonest < SECOND - UNHEARD_SECONDS


async def test_quotes_whose_saving_was_stopped_are_saved_by_the_last_save(desk: Desk) -> None:
    await in_thread(market.open_market, desk.feed)
    await quoted(desk, "150.00", "150.00")
    saving = asyncio.create_task(desk.save_quotes(datetime.now(UTC)))
    await asyncio.sleep(0)
    under_way = dict(desk.unsaved)

    saving.cancel()
    await asyncio.gather(saving, return_exceptions=True)
    kept = list(desk.unsaved)
    await desk.save_market()

    assert (under_way, kept, desk.unsaved) == ({}, ["AAPL"], {})
    assert (await in_thread(LastQuote.objects.get)).ask == Decimal("150.00")


async def test_desk_is_heard_in_a_quiet_market(desk: Desk) -> None:
    """A web process can tell it from a lost line."""
    heard: list[Any] = []
    twice = asyncio.Event()

    def hear(batch: Any) -> None:
        heard.append(batch)
        if len(heard) == 2:
            twice.set()

    bus.subscribe(wire.QUOTES, hear)
    async with running(desk.keep_heard()), asyncio.timeout(WITHIN):
        await twice.wait()
    bus.unsubscribe(wire.QUOTES, hear)

    assert heard == [[], []]
