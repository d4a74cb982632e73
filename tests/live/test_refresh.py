"""R-STALE: every page is shown all it shows once more, within five minutes, read afresh, at a moment of its own."""

from __future__ import annotations

from itertools import chain, count, pairwise
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.live import refresh
from apps.live.hub import Hub
from apps.live.models import Stream

from .conftest import Counter, Note, Reader

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def change_untold(user_id: int, seq: int) -> None:
    """What a lost event or another program leaves behind."""
    Stream.objects.update_or_create(name=f"user/{user_id}", defaults={"seq": seq})


def time_is_up(hub: Hub, *readers: Reader) -> None:
    hub.refresh.at.update(dict.fromkeys(readers, 0.0))
    hub.refresh.sweep()


async def test_a_page_gets_everything_again_in_one_frame_and_no_other_page_does(hub: Hub) -> None:
    page, other = Reader(1), Reader(2)
    for reader in (page, other):
        hub.join(reader, ["box/a", "note/1"])
        await reader.until(lambda got: "box" in "".join(got) and "counter-1" in "".join(got))
    for reader in (page, other):
        reader.got.clear()

    time_is_up(hub, page)
    await page.until(bool)

    (frame,) = page.got
    assert [frame.count(part) for part in ('id="box"', 'id="counter-1"', 'id="counter-2"')] == [1, 2, 1]
    assert other.got == []


async def test_what_changed_untold_is_read_afresh_for_all_who_show_it(hub: Hub) -> None:
    page, other = Reader(1), Reader(2)
    for reader in (page, other):
        hub.join(reader, ["counter/1"])
        await reader.until(bool)
    await change_untold(1, 7)

    time_is_up(hub, page)

    for reader in (page, other):
        await reader.until(lambda got: got[-1] == '<p id="counter-1" data-ts="1">7</p>')


async def test_a_page_that_was_sent_nothing_because_it_had_all_gets_all(hub: Hub) -> None:
    page = Reader(1)
    hub.join(page, ["note/1"], has=["note/1"])

    time_is_up(hub, page)
    await page.until(bool)

    assert page.got == ['<p id="counter-1" data-ts="1">0</p>']


class Row:
    """Equal by its key, as a model's rows are, whatever else it holds."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row)

    def __hash__(self) -> int:
        return 1

    def __str__(self) -> str:
        return str(self.number)


async def test_rows_that_only_seem_the_same_are_drawn_afresh_for_the_page_alone(hub: Hub, monkeypatch: Any) -> None:
    page, other, numbers = Reader(1), Reader(2), count(1)
    monkeypatch.setattr(Note, "load_many", lambda self, keys: {key: Row(next(numbers)) for key in keys})
    for reader in (page, other):
        hub.join(reader, ["note/1"])
        await reader.until(bool)

    time_is_up(hub, page)
    await page.until(lambda got: len(got) == 2)

    assert page.got == [f'<p id="counter-1" data-ts="1">{number}</p>' for number in (1, 2)]
    assert other.got == page.got[:1]


async def test_topics_of_many_pages_are_read_once_and_together(hub: Hub) -> None:
    readers = [Reader(n) for n in range(1, 31)]
    for reader in readers:
        hub.join(reader, ["counter/0", f"note/{reader.user_id}"])
        await reader.until(lambda got: len(got) >= 2 or "".join(got).count("<p") >= 2)
        reader.got.clear()
    Counter.loads.clear()
    Note.loads.clear()

    time_is_up(hub, *readers)
    for reader in readers:
        await reader.until(bool)

    assert Counter.loads == ["0"]
    assert sorted(chain(*Note.loads)) == sorted(str(reader.user_id) for reader in readers)
    assert len(Note.loads) <= 3


async def test_events_are_not_repeated(hub: Hub) -> None:
    page = Reader(1)
    hub.join(page, ["counter/1"])
    await page.until(bool)

    time_is_up(hub, page)
    await page.until(lambda got: len(got) == 2)

    assert not any("toast" in html for html in page.got)


async def test_each_page_comes_at_a_moment_of_its_own_before_five_minutes_are_over(hub: Hub) -> None:
    readers = [Reader(n) for n in range(500)]
    for reader in readers:
        hub.refresh.plan(reader)

    moments = sorted(hub.refresh.at.values())
    spread = moments[-1] - moments[0]

    assert refresh.EVERY_SECONDS == 300
    assert 100 < spread < 150
    assert max(late - early for early, late in pairwise(moments)) < 10


async def test_the_sweep_does_it_by_itself_again_and_again(hub: Hub) -> None:
    hub.refresh.seconds = 0.5
    page = Reader(1)
    hub.join(page, ["counter/1"])

    await page.until(lambda got: len(got) >= 3)

    assert set(page.got) == {'<p id="counter-1" data-ts="1">0</p>'}


async def test_what_cannot_be_read_or_is_gone_does_not_keep_the_rest_back(hub: Hub, caplog: Any) -> None:
    page = Reader(1)
    hub.join(page, ["counter/1", "broken/1"])
    await page.until(bool)

    time_is_up(hub, page)
    await page.until(lambda got: len(got) == 2)
    time_is_up(hub, page)
    hub.leave(page)

    assert (hub.refresh.at, hub.refresh.unread, dict(hub.refresh.waiting)) == ({}, {}, {})
    assert "reading broken/1 failed" in caplog.text
