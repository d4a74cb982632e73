"""The hub with real rows, real threads and a real loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from apps.live.announce import announce
from apps.live.hub import Hub

from .conftest import Counter, Note, Reader

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def tell(user_id: int, word: str = "", topics: tuple[str, ...] = (), toast: bool = False) -> int:
    with transaction.atomic():
        return announce(f"user/{user_id}", "word.said", {"word": word}, topics=topics, toast=toast).seq


async def test_newcomer_gets_the_present_state_as_its_first_frame(hub: Hub) -> None:
    await tell(1)
    reader = Reader(1, seq=1)

    hub.join(reader, ["counter/1"])
    await reader.until(bool)

    assert reader.got == ['<p id="counter-1" data-ts="1">1</p>']


async def test_a_topic_is_drawn_once_for_all_who_watch(hub: Hub) -> None:
    readers = [Reader(n) for n in range(1, 21)]
    for reader in readers:
        hub.join(reader, ["counter/1"])
    await asyncio.gather(*(reader.until(bool) for reader in readers))
    Counter.draws.clear()

    hub.moved("counter/1")
    await asyncio.gather(*(reader.until(lambda got: len(got) == 2) for reader in readers))

    assert Counter.draws == ["1"]
    assert {tuple(reader.got) for reader in readers} == {('<p id="counter-1" data-ts="1">0</p>',) * 2}


async def test_a_page_that_has_a_topic_gets_it_only_when_an_event_names_it(hub: Hub) -> None:
    reader = Reader(1)
    hub.join(reader, ["note/1", "counter/1"], has=["note/1"])
    await reader.until(bool)

    await tell(1, topics=("note/1",))
    await reader.until(lambda got: len(got) == 2)

    assert Note.loads == [["1"]]
    assert reader.got == ['<p id="counter-1" data-ts="1">0</p>', '<p id="counter-1" data-ts="1">1</p>']


async def test_a_page_that_has_what_follows_gets_it_all_the_same(hub: Hub) -> None:
    """What it rests on may have moved between the page's drawing and its socket."""
    reader = Reader(1)

    hub.join(reader, ["counter/1"], has=["counter/1"])
    await reader.until(bool)

    assert reader.got == ['<p id="counter-1" data-ts="1">0</p>']


async def test_many_who_come_at_once_are_read_together(hub: Hub) -> None:
    readers = [Reader(n) for n in range(1, 41)]
    for reader in readers:
        hub.join(reader, [f"note/{reader.user_id}"])
    await asyncio.gather(*(reader.until(bool) for reader in readers))

    assert len(Note.loads) <= 3
    assert sum(map(len, Note.loads)) == 40


async def test_one_that_cannot_be_read_does_not_keep_the_others_waiting(hub: Hub, caplog: Any) -> None:
    readers = [Reader(1), Reader(2)]
    hub.join(readers[0], ["counter/1"])
    hub.join(readers[1], ["counter/2", "broken/2"])

    await asyncio.gather(*(reader.until(bool) for reader in readers))

    assert [reader.got[0] for reader in readers] == [f'<p id="counter-{n}" data-ts="1">0</p>' for n in (1, 2)]
    assert "reading broken/2 failed" in caplog.text


async def test_an_event_redraws_the_topics_it_names_from_the_database(hub: Hub) -> None:
    reader = Reader(1)
    hub.join(reader, ["counter/1"])
    await reader.until(bool)

    await tell(1, topics=("counter/1",))
    await reader.until(lambda got: len(got) == 2)

    assert reader.got[-1] == '<p id="counter-1" data-ts="1">1</p>'


async def test_a_move_of_a_followed_topic_draws_again_without_reading(hub: Hub) -> None:
    reader = Reader(1)
    hub.join(reader, ["counter/1"])
    await reader.until(bool)
    Counter.loads.clear()

    hub.moved("tick/now")
    await reader.until(lambda got: len(got) == 2)

    assert Counter.loads == []


async def test_a_container_brings_what_it_contains_and_later_moves_alone_travel(hub: Hub) -> None:
    reader = Reader(1)
    hub.join(reader, ["box/a"])
    await reader.until(bool)

    hub.moved("counter/2")
    await reader.until(lambda got: len(got) == 2)

    inner = '<p id="counter-1" data-ts="1">0</p><p id="counter-2" data-ts="1">0</p>'
    assert reader.got == [f'<div id="box" data-ts="1">{inner}</div>', '<p id="counter-2" data-ts="1">0</p>']


async def test_second_viewer_of_a_container_gets_it_with_what_moved_since(hub: Hub) -> None:
    first, second = Reader(1), Reader(2)
    hub.join(first, ["box/a"])
    await first.until(bool)
    await tell(2, topics=("counter/2",))
    hub.outdated("counter/2")
    await first.until(lambda got: len(got) == 2)

    hub.join(second, ["box/a"])
    await second.until(lambda got: "counter-2" in "".join(got))

    assert "".join(second.got).rpartition('id="counter-2"')[2] == ' data-ts="1">1</p>'


async def test_toasts_arrive_in_order_each_once_whatever_the_bell_does(hub: Hub) -> None:
    """R-TOAST: ordered, exactly once, though rings are doubled."""
    reader = Reader(1)
    hub.join(reader, [])

    for number in range(30):
        await tell(1, word=f"w{number:02}", toast=True)
        hub.tail.rung("user/1")
    await reader.until(lambda got: len(got) == 30)

    assert [html.partition("<b>")[2][:3] for html in reader.got] == [f"w{n:02}" for n in range(30)]


async def test_a_returning_page_gets_what_it_missed_and_nothing_else(hub: Hub) -> None:
    """R-TOAST: none lost over a reconnect and none twice."""
    for number in range(4):
        await tell(1, word=f"w{number}", toast=True)
    reader = Reader(1, seq=2)

    hub.join(reader, [])
    await reader.until(lambda got: len(got) == 2)

    assert [html.partition("<b>")[2][:2] for html in reader.got] == ["w2", "w3"]


async def test_a_slow_page_misses_states_but_no_event(hub: Hub) -> None:
    slow, quick = Reader(1), Reader(1)
    for reader in (slow, quick):
        hub.join(reader, ["counter/1"])
        await reader.until(bool)
    slow.full = True
    for number in range(5):
        await tell(1, word=f"w{number}", topics=("counter/1",), toast=True)
    await quick.until(lambda got: sum("toast" in html for html in got) == 5 and got[-1].endswith(">5</p>"))

    slow.full = False
    await slow.until(lambda got: sum("toast" in html for html in got) == 5 and any(h.endswith(">5</p>") for h in got))

    toasts = [html.partition("<b>")[2][:2] for html in slow.got if "toast" in html]
    assert toasts == ["w0", "w1", "w2", "w3", "w4"]
    assert {html.rpartition("</p>")[0][-1] for html in slow.got if "counter-1" in html} == {"0", "5"}


async def test_a_lost_ring_costs_a_second_not_an_event(hub: Hub, monkeypatch: Any) -> None:
    reader = Reader(1)
    hub.join(reader, ["counter/1"])
    await reader.until(bool)
    monkeypatch.setattr("apps.live.bus.ring", lambda stream: None)
    monkeypatch.setattr("apps.live.announce.bus.ring", lambda stream: None)

    await tell(1, word="late", topics=("counter/1",), toast=True)
    await reader.until(lambda got: len(got) == 3)

    assert "late" in reader.got[1]
    assert reader.got[2].endswith(">1</p>")


async def test_a_drawing_that_fails_leaves_the_others_alone(hub: Hub, caplog: Any) -> None:
    reader = Reader(1)
    hub.join(reader, ["counter/1", "counter/2"])
    await reader.until(lambda got: "counter-1" in "".join(got) and "counter-2" in "".join(got))
    hub.watched["counter/1"].facts = BrokenNumber()
    reader.got.clear()

    hub.moved("tick/now")
    await reader.until(bool)

    assert reader.got == ['<p id="counter-2" data-ts="1">0</p>']
    assert "drawing counter/1 failed" in caplog.text


class BrokenNumber:
    def __str__(self) -> str:
        raise RuntimeError("cannot be shown")


@pytest.mark.parametrize("turns", range(4))
async def test_a_hub_that_is_woken_while_it_is_ended_still_ends(turns: int) -> None:
    hub = Hub()
    task = asyncio.create_task(hub.run())
    await asyncio.sleep(0)

    hub.wake.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=20)

    assert task.cancelled()


async def test_when_the_last_viewer_leaves_nothing_is_kept(hub: Hub) -> None:
    reader = Reader(1)
    hub.join(reader, ["box/a", "counter/1"])
    await reader.until(bool)

    hub.leave(reader)

    assert (hub.watched, hub.followers, hub.tail.followed, hub.behind) == ({}, {}, {}, set())
