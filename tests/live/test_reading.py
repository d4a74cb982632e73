"""What happens while facts are being read is not forgotten."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from apps.live import fragments
from apps.live.announce import announce
from apps.live.hub import Hub

from .conftest import Reader

pytestmark = pytest.mark.django_db(transaction=True)


class Row:
    """Equal to another of the same key, whatever else it holds, as Django's rows are."""

    def __init__(self, key: str, word: str) -> None:
        self.key, self.word = key, word

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


class SlowRow(fragments.Fragment):
    kind = "slowrow"
    template = "counter.html"
    word = "before"
    entered, go_on = threading.Event(), threading.Event()

    def load(self, key: str) -> Row:
        row = Row(key, SlowRow.word)
        self.entered.set()
        assert self.go_on.wait(10)
        return row

    def context(self, key: str, facts: Row) -> dict[str, Any]:
        return {"key": key, "number": facts.word, "ts": 1}


@pytest.fixture
def slow_row() -> Iterator[type[SlowRow]]:
    SlowRow.word = "before"
    SlowRow.entered.clear()
    SlowRow.go_on.set()
    fragments.register(SlowRow())
    yield SlowRow
    SlowRow.go_on.set()
    del fragments.registry["slowrow"]


@sync_to_async
def tell(topic: str) -> None:
    with transaction.atomic():
        announce("user/1", "word.said", topics=[topic])


async def test_a_second_event_while_the_first_is_being_read_is_shown(hub: Hub, slow_row: type[SlowRow]) -> None:
    reader = Reader(1)
    hub.join(reader, ["slowrow/1"])
    await reader.until(bool)
    slow_row.go_on.clear()
    slow_row.entered.clear()

    await tell("slowrow/1")
    assert await sync_to_async(slow_row.entered.wait, thread_sensitive=False)(10)
    slow_row.word = "after"
    await tell("slowrow/1")
    async with asyncio.timeout(40):
        while "slowrow/1" not in hub.reading.asked:
            await asyncio.sleep(0)
    slow_row.go_on.set()

    await reader.until(lambda got: ">after<" in got[-1])


class LongList(fragments.Fragment):
    kind = "longlist"
    template = "counter.html"
    weight = 10
    read: list[int] = []

    def load_many(self, keys: Sequence[str]) -> dict[str, int]:
        self.read.append(len(keys))
        return {key: int(key) for key in keys}

    def context(self, key: str, facts: int) -> dict[str, Any]:
        return {"key": key, "number": facts, "ts": 1}


@pytest.fixture
def long_list() -> Iterator[type[LongList]]:
    LongList.read = []
    fragments.register(LongList())
    yield LongList
    del fragments.registry["longlist"]


async def test_long_lists_are_read_a_few_at_a_time(hub: Hub, long_list: type[LongList]) -> None:
    reader, shown = Reader(1), set[str]()
    hub.join(reader, [f"longlist/{number}" for number in range(23)])

    async with asyncio.timeout(40):
        while len(shown) < 23:
            await reader.until(bool)
            shown |= {number for got in reader.got for number in re.findall(r">(\d+)</p>", got)}
            reader.got.clear()

    assert shown == set(map(str, range(23)))
    assert max(long_list.read) == 5
    assert sum(long_list.read) == 23
