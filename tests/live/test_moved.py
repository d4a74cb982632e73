"""Pages of a symbol that has changed show nothing false: they are told to load again, open ones and late ones."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.live import running
from apps.live.codes import RESYNC
from apps.live.entrance import Asking, read_answers
from apps.live.pages import Page
from apps.live.readers import on_reader
from apps.live.topics import DESK_STREAM
from apps.market import services as market
from apps.market.models import Instrument
from apps.market.quotes import board
from config import urls

from .conftest import Reader
from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = {"alone": {"symbol": "MSFT", "alone": "1"}, "desk": {"symbol": "MSFT"}, "other": {"symbol": "AAPL"}}
assert urls.urlpatterns


@pytest.fixture
def scene(alice: User, bob: User, settings: Any) -> Scene:
    return Scene(alice, bob, settings)


def rename() -> None:
    market.rename(Instrument.objects.get(symbol="MSFT"), "NEW", date(2026, 3, 2))


async def test_open_pages_of_it_load_again_and_no_others(scene: Scene) -> None:
    hub, closed = running.running_hub(), list[tuple[str, int]]()
    try:
        for name, params in PAGES.items():
            reader = Reader(scene.alice.pk, 0)
            reader.cursors[DESK_STREAM] = 0
            reader.session_key = scene.client.cookies["sessionid"].value
            reader.close = lambda code, name=name: closed.append((name, code))  # type: ignore[method-assign,misc]
            hub.join(reader, await on_reader(Page.registry["desk"].all_topics, scene.alice, params))
        await on_reader(rename)
        async with asyncio.timeout(20):
            while len(closed) < 2:
                await hub.tail.sweep()
                await asyncio.gather(*hub.tasks)
        assert sorted(closed) == [("alone", RESYNC.close), ("desk", RESYNC.close)]
        assert len(hub.viewers) == 1
    finally:
        await running.stop_hub()


def test_pages_that_come_late_load_again_by_socket_and_by_poll(scene: Scene) -> None:
    rename()
    client, loop = Client(), asyncio.new_event_loop()
    client.force_login(scene.alice)
    key = client.cookies["sessionid"].value

    asked = [Asking(Page.registry["desk"], key, params, loop.create_future()) for params in PAGES.values()]
    alone, desk, other = read_answers(asked)
    loop.close()
    polled = [client.get("/live/poll/desk/", params).status_code for params in PAGES.values()]

    assert (alone is RESYNC, desk is RESYNC, other is RESYNC) == (True, True, False)
    assert polled == [409, 409, 200]


def test_page_that_is_loaded_again_is_that_of_the_new_symbol(scene: Scene) -> None:
    rename()

    loaded = scene.client.get("/symbols/MSFT/", follow=True)

    page = loaded.content.decode()
    assert 'data-params="symbol=NEW&amp;alone=1"' in page
    assert 'id="quote-NEW"' in page
    assert "MSFT is called NEW now." in page
    assert board.quotes["NEW"].received_at < datetime.now(UTC)
