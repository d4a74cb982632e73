"""A page before, with what is pushed to it, is the page after: for every action and every page with a socket."""

from __future__ import annotations

import asyncio
import difflib
import functools
import importlib
import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from django.db import transaction
from django.http import Http404
from django.test import Client

from apps.accounts.models import User
from apps.live import fragments, kinds, running
from apps.live.hub import Hub
from apps.live.models import Event
from apps.live.pages import Drawn, Page, stream_seq
from apps.live.readers import on_reader
from apps.live.topics import DESK_STREAM, user_stream
from apps.market.quotes import board
from config import urls

from .actions import ACTIONS, NO_CASE
from .conftest import Reader
from .dom import Dom
from .scene import Scene

APPS = Path(__file__).parents[2] / "apps"
EXACT = ("quote-", "book-", "bar-")  # others carry when their owner last heard of anything
SETTLES_WITHIN = 20.0
MORE = (
    "trades/filling.py",
    "trades/importing.py",
    "trades/margin_calls.py",
    "trades/corporate.py",
    "portfolio/terms.py",
    "portfolio/corporate.py",
    "portfolio/mending.py",
    "traderalerts/firing.py",
)
"""Modules that write, beside the services."""


@pytest.fixture(autouse=True)
def own_fragments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real ones and none else; a redrawing that would wait for its time does not."""
    for fragment in fragments.registry.values():
        monkeypatch.setattr(type(fragment), "every", 0.0)


@pytest.fixture
def scene(alice: User, bob: User, settings: Any) -> Scene:
    return Scene(alice, bob, settings)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    yield running.running_hub()
    await running.stop_hub()


@dataclass
class Tab:
    """A page that was opened, as the server drew it."""

    user: User
    page: Page
    params: dict[str, str]
    client: Client
    drawn: Drawn

    @property
    def name(self) -> str:
        return f"{self.user.username} {self.page.name} {self.drawn.query}"

    def shown(self) -> Dom:
        return dom_of(self.drawn.html, self.drawn.inner, self.drawn.seq)

    def topics(self) -> list[str]:
        return self.page.all_topics(self.user, self.params)

    def after(self) -> Dom:
        """The page drawn afresh; what no longer exists is drawn as the open page shows it."""
        try:
            drawn = self.page.draw(self.user, self.params)
            return dom_of(drawn.html, drawn.inner, drawn.seq)
        except Http404:
            facts = fragments.read(topic for topic in self.drawn if topic not in self.drawn.inner)
            return dom_of(fragments.draw_all(facts), fragments.inner_topics(facts), 0)

    def told(self) -> list[int]:
        """The notifications since it was drawn."""
        stream = user_stream(self.user.pk)
        toasts = Event.objects.filter(stream__name=stream, toast=True, seq__gt=self.drawn.seq)
        return list(toasts.order_by("seq").values_list("seq", flat=True))


def dom_of(html: Any, inner: frozenset[str], seq: int) -> Dom:
    return Dom((html[topic] for topic in sorted(html) if topic not in inner), seq)


BY_LOOKS = {"operations"}
"""For staff, moved by no event; each is held to its page in `tests/alerts/test_operations_line.py`."""


def open_tabs(scene: Scene) -> list[Tab]:
    pages: list[tuple[User, str, dict[str, str]]] = [
        (scene.alice, "desk", {"symbol": "AAPL"}),
        (scene.alice, "desk", {"symbol": "TSLA", "alone": "1"}),
        (scene.alice, "desk", {"symbol": "MSFT", "alone": "1"}),
        (scene.alice, "portfolio", {}),
        *((scene.alice, "trades", {"tab": tab}) for tab in ("working", "filled", "closed")),
        (scene.alice, "trades", {"order": str(scene.resting.pk)}),
        (scene.alice, "trades", {"order": str(scene.partial.pk)}),
        (scene.alice, "trades", {"order": str(scene.waiting.pk)}),
        (scene.alice, "history", {}),
        (scene.alice, "watchlist", {}),
        (scene.alice, "watchlist", {"list": str(scene.second.pk)}),
        (scene.alice, "alerts", {}),
        *((scene.alice, "activity", {"family": family}) for family in ("", "order", "alert", "account")),
        (scene.bob, "desk", {"symbol": "AAPL"}),
    ]
    visited = {name for _, name, _ in pages} | BY_LOOKS
    assert urls.urlpatterns and visited == Page.registry.keys()  # each has its page by now
    return [tab_of(user, Page.registry[name], params, scene.clients[user.pk]) for user, name, params in pages]


def tab_of(user: User, page: Page, params: dict[str, str], client: Client) -> Tab:
    return Tab(user, page, params, client, page.draw(user, params))


def join(hub: Hub, tab: Tab, topics: list[str], desk_seq: int) -> Reader:
    reader = Reader(tab.user.pk, tab.drawn.seq)
    reader.cursors[DESK_STREAM] = desk_seq
    reader.session_key = tab.client.cookies["sessionid"].value
    hub.join(reader, topics)
    return reader


async def settled(hub: Hub) -> None:
    """Until nothing is due: each page has heard every event, and nothing is being read or waits to be drawn."""
    async with asyncio.timeout(SETTLES_WITHIN):
        await hub.tail.sweep()
        while True:
            while hub.tasks:
                await asyncio.wait(hub.tasks)
            await hub.flush()
            streams = {stream: await on_reader(stream_seq, stream) for stream in list(hub.tail.followed)}
            heard = all(
                viewer.cursors[stream] == streams[stream]
                for viewer in hub.viewers
                for stream in (user_stream(viewer.user_id), DESK_STREAM)
            )
            busy = hub.tasks or hub.moving or hub.pace.waiting or hub.reading.under_way or hub.behind
            if heard and not busy and not any(viewer.due for viewer in hub.viewers):
                return


def differences(shown: Dom, after: Dom, told: list[int]) -> list[str]:
    """What of the page is not as it would be drawn now."""
    ours, theirs = shown.lines, after.lines
    found = [] if ours == theirs else list(difflib.unified_diff(ours, theirs, "pushed", "drawn", lineterm="", n=2))
    if shown.toasts != told:
        found.append(f"toasts {shown.toasts}, told {told}")
    for (place, before), (_, now) in zip(shown.stamps, after.stamps, strict=False):
        if before > now or (before < now and place.startswith(EXACT)):
            found.append(f"{place} is of {before}, drawn now {now}")
    return found


def take(tab: Tab, frames: list[str]) -> Dom:
    dom = tab.shown()
    for frame in frames:
        dom.take(frame)
    return dom


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ACTIONS)
async def test_page_before_and_what_is_pushed_are_the_page_after(hub: Hub, scene: Scene, name: str) -> None:
    """R-LIVE: by the socket, by a socket that comes late, and by the poll."""
    tabs = await on_reader(open_tabs, scene)
    desk_seq = await on_reader(stream_seq, DESK_STREAM)
    readers = [join(hub, tab, await on_reader(tab.topics), desk_seq) for tab in tabs]
    await settled(hub)
    for reader in readers:
        reader.got.clear()

    await on_reader(ACTIONS[name], scene)
    await settled(hub)

    gone, found = [], {}
    after = {tab.name: (await on_reader(tab.after), await on_reader(tab.told)) for tab in tabs}
    for tab, reader in zip(tabs, readers, strict=True):
        found["socket", tab.name] = differences(take(tab, reader.got), *after[tab.name])
    late = {}
    for tab in tabs:
        try:
            late[tab.name] = join(hub, tab, await on_reader(tab.topics), desk_seq)
        except Http404:
            gone.append(tab.name)
    await settled(hub)
    for tab in (tab for tab in tabs if tab.name not in gone):
        found["late", tab.name] = differences(take(tab, late[tab.name].got), *after[tab.name])
        found["poll", tab.name] = differences(take(tab, [await on_reader(polled, tab)]), *after[tab.name])
    assert {way: lines for way, lines in found.items() if lines} == {}
    assert len(gone) == (name == "list_deleted")


def polled(tab: Tab) -> str:
    answer = tab.client.get(f"/live/poll/{tab.page.name}/", {**tab.params, "since": str(tab.drawn.seq)})
    assert answer.status_code == 200
    return answer.content.decode()


# Is there an action for everything that writes?


def writers() -> dict[str, tuple[ModuleType, FunctionType]]:
    """Every function of every module that writes, by app and name."""
    paths = [*APPS.glob("*/services.py"), *(APPS / path for path in MORE)]
    modules = [importlib.import_module(f"apps.{path.parent.name}.{path.stem}") for path in paths]
    return {
        f"{module.__name__.split('.')[1]}.{name}": (module, found)
        for module in modules
        for name, found in inspect.getmembers(module, inspect.isfunction)
        if found.__module__ == module.__name__
    }


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The functions of services modules that were called since."""
    names: set[str] = set()

    def noting(key: str, real: FunctionType) -> Any:
        @functools.wraps(real)
        def call(*args: Any, **kwargs: Any) -> Any:
            names.add(key)
            return real(*args, **kwargs)

        return call

    for key, (module, real) in writers().items():
        monkeypatch.setattr(module, real.__name__, noting(key, real))
    return names


@pytest.mark.django_db
def test_every_writing_function_is_run_by_an_action(
    alice: User, bob: User, settings: Any, ran: set[str], django_capture_on_commit_callbacks: Any
) -> None:
    known, kinds_told = writers().keys(), set[str]()
    for act in ACTIONS.values():
        with transaction.atomic():
            with django_capture_on_commit_callbacks(execute=True):
                act(Scene(alice, bob, settings))
            kinds_told.update(Event.objects.values_list("kind", flat=True))
            transaction.set_rollback(True)
        board.clear()

    assert known - ran == NO_CASE.keys()
    assert kinds_told <= kinds.meanings.keys()
