"""Pages that nobody looks at get states now and then, events at once, and everything when they are shown."""

from __future__ import annotations

import re
import time

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from apps.live.announce import announce
from apps.live.hub import Hub
from apps.live.vocabulary import hear
from tests.browser.server import DeskServer

from .conftest import Reader
from .test_socket import Trader, until

HIDE, SHOW = (f'{{"type": "hidden", "value": {word}}}' for word in ("true", "false"))


@sync_to_async
def tell(user_id: int, toast: bool = False) -> None:
    with transaction.atomic():
        announce(f"user/{user_id}", "word.said", {"word": "said"}, topics=[f"counter/{user_id}"], toast=toast)


async def two(hub: Hub) -> tuple[Reader, Reader]:
    """A page out of sight and one that is seen, both whole."""
    hidden, seen = Reader(1), Reader(1)
    for reader in (hidden, seen):
        hub.join(reader, ["counter/1"])
        await reader.until(bool)
    hear(hub, hidden, HIDE)
    return hidden, seen


async def move(hub: Hub, seen: Reader, times: int) -> None:
    for _ in range(times):
        before = len(seen.got)
        hub.moved("counter/1")
        await seen.until(lambda got, before=before: len(got) > before)  # type: ignore[misc]


@pytest.mark.django_db(transaction=True)
async def test_states_wait_and_events_do_not(hub: Hub) -> None:
    hidden, seen = await two(hub)

    await tell(1, toast=True)
    await seen.until(lambda got: got[-1].endswith(">1</p>"))
    await hidden.until(lambda got: "toast" in got[-1])
    await move(hub, seen, 5)

    assert len(hidden.got) == 2
    assert hub.behind == set()


@pytest.mark.django_db(transaction=True)
async def test_what_waited_comes_at_once_when_it_is_shown_and_is_the_newest(hub: Hub) -> None:
    hidden, seen = await two(hub)
    for number in (1, 2):
        await tell(1)
        await seen.until(lambda got, number=number: got[-1].endswith(f">{number}</p>"))  # type: ignore[misc]

    hear(hub, hidden, SHOW)
    await hidden.until(lambda got: len(got) == 2)

    assert hidden.got[-1] == '<p id="counter-1" data-ts="1">2</p>'
    await move(hub, seen, 1)
    await hidden.until(lambda got: len(got) == 3)


@pytest.mark.django_db(transaction=True)
async def test_states_come_now_and_then_in_one_frame(hub: Hub) -> None:
    hub.hidden.seconds = 1.5
    hidden, seen = await two(hub)
    hub.watch(hidden, "counter/2")
    hub.watch(seen, "counter/2")
    began = time.monotonic()

    await hidden.until(lambda got: len(got) == 2)
    first = time.monotonic() - began
    hub.moved("tick/now")
    await hidden.until(lambda got: len(got) == 3)
    second = time.monotonic() - began

    assert first >= 1.4
    assert second - first >= 1.4
    assert all(name in hidden.got[-1] for name in ("counter-1", "counter-2"))


@pytest.mark.django_db(transaction=True)
async def test_who_is_gone_is_not_kept(hub: Hub) -> None:
    hidden, _ = await two(hub)

    hub.leave(hidden)
    hear(hub, hidden, HIDE)  # said before it knew

    assert hub.hidden.sent == {}


def test_a_hidden_page_gets_few_frames_and_beats_of_a_lively_market(desk_server: DeskServer) -> None:
    """The line is known to be alive all the same."""
    alice = Trader(desk_server, "alice")
    with alice.socket() as line, alice.socket() as other:
        until(line, lambda frame: "quote-" in frame)
        line.send(HIDE)
        line.send('{"type": "ping", "at": 1}')
        until(line, lambda frame: 'id="pong"' in frame)
        frames: list[str] = []
        ends = time.monotonic() + 11
        until(line, lambda frame: frames.append(frame) or time.monotonic() > ends)  # type: ignore[func-returns-value]
        line.send(SHOW)
        moved = time.time_ns() // 1000
        until(line, lambda frame: any(int(ts) > moved for ts in re.findall(r'quote-\w+"[^>]* data-ts="(\d+)"', frame)))
        until(other, lambda frame: "quote-" in frame)
    alice.http.close()

    states = [frame for frame in frames if 'id="beat"' not in frame]
    assert 1 <= len(states) <= 3
    assert 2 <= len(frames) - len(states) <= 6
