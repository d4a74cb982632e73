"""What happens while facts are being read is not forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
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
