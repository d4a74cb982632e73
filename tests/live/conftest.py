"""A fragment of the tests' own, drawn from real rows, and viewers that write down what they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import pytest

from apps.live import bus, fragments, toasts
from apps.live.hub import Hub
from apps.live.models import Stream
from apps.live.topics import DESK_STREAM, user_stream
from apps.live.viewer import Viewer


class Counter(fragments.Fragment):
    """Shows the number of its stream; follows `tick/now`."""

    kind = "counter"
    template = "counter.html"
    loads: list[str] = []
    draws: list[str] = []

    def load(self, key: str) -> int:
        self.loads.append(key)
        return Stream.objects.filter(name=f"user/{key}").values_list("seq", flat=True).first() or 0

    def follows(self, facts: Any) -> list[str]:
        return ["tick/now"]

    def context(self, key: str, facts: Any) -> dict[str, Any]:
        self.draws.append(key)
        return {"key": key, "number": facts, "ts": 1}


class Note(fragments.Fragment):
    """Moves only when an event names it."""

    kind = "note"
    template = "counter.html"
    loads: list[list[str]] = []

    def load_many(self, keys: Sequence[str]) -> dict[str, int]:
        self.loads.append(sorted(keys))
        rows = Stream.objects.filter(name__in=[f"user/{key}" for key in keys]).values_list("name", "seq")
        return {key: dict(rows).get(f"user/{key}", 0) for key in keys}

    def context(self, key: str, facts: int) -> dict[str, Any]:
        return {"key": key, "number": facts, "ts": 1}


class Broken(fragments.Fragment):
    """Cannot be read."""

    kind = "broken"
    template = "counter.html"

    def load(self, key: str) -> Any:
        raise RuntimeError("the database is away")


class Box(fragments.Fragment):
    """Contains two counters."""

    kind = "box"
    template = "box.html"

    def contains(self, facts: Any) -> list[str]:
        return ["counter/1", "counter/2"]

    def context(self, key: str, facts: Any) -> dict[str, Any]:
        return {"ts": 1}


TEMPLATES = {
    "counter.html": '<p id="counter-{{ key }}" data-ts="{{ ts }}">{{ number }}</p>',
    "box.html": '{% load live %}<div id="box" data-ts="{{ ts }}">'
    '{% fragment "counter/1" %}{% fragment "counter/2" %}</div>',
    "line.html": "<b>{{ facts.word }}</b>",
}


@pytest.fixture(autouse=True)
def own_fragments(settings: Any) -> Iterator[type[Counter]]:
    engine, *others = settings.TEMPLATES
    loaders = [
        ("django.template.loaders.locmem.Loader", TEMPLATES),
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": {**engine["OPTIONS"], "loaders": loaders}}, *others]
    Counter.loads, Counter.draws = [], []
    fragments.register(Counter())
    fragments.register(Box())
    fragments.register(Note())
    fragments.register(Broken())
    Note.loads = []
    toasts.toast_template("word", "line.html")
    yield Counter
    for kind in ("counter", "box", "note", "broken"):
        del fragments.registry[kind]


class Reader(Viewer):
    """A viewer whose socket is a list; `full` says that it takes no more."""

    def __init__(self, user_id: int, seq: int = 0) -> None:
        self.got: list[str] = []
        self.full = False
        self.news = asyncio.Event()
        super().__init__(user_id, "key", self.put, lambda code: None)
        self.cursors = {user_stream(user_id): seq, DESK_STREAM: 0}

    def put(self, payload: bytes) -> bool:
        if self.full:
            return False
        if 'id="beat"' not in payload.decode():
            self.got.append(payload.decode())
            self.news.set()
        return True

    async def until(self, condition: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(40):
            while not condition(self.got):
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    bus.attach(asyncio.get_running_loop())
    hub = Hub()
    task = asyncio.create_task(hub.run())
    yield hub
    task.cancel()
    await asyncio.gather(task, *hub.tasks, return_exceptions=True)
