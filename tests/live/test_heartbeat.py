"""The page's heartbeat: each ping is answered with what it said and the server's time, or ends the socket."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from apps.live.hub import Hub
from apps.live.vocabulary import LAST_MOMENT, Unspeakable, hear
from tests.browser.server import DeskServer

from .conftest import Reader
from .test_socket import Trader, close_code, until

PONG = re.compile(r'<div id="pong" hidden data-at="(\d+)" data-ts="(\d+)"></div>')


@pytest.fixture
def alice(desk_server: DeskServer) -> Iterator[Trader]:
    trader = Trader(desk_server, "alice")
    yield trader
    trader.http.close()


@pytest.mark.parametrize("at", [0, 1_234_567, LAST_MOMENT - 1])
def test_a_ping_comes_back_with_the_servers_time(alice: Trader, at: int) -> None:
    with alice.socket() as line:
        before = time.time_ns() // 1000
        line.send(f'{{"type": "ping", "at": {at}}}')
        pong = PONG.fullmatch(until(line, lambda frame: 'id="pong"' in frame))
        after = time.time_ns() // 1000

    assert pong
    assert int(pong[1]) == at
    assert before <= int(pong[2]) <= after


@pytest.mark.parametrize(
    "at", ["-1", "1.5", "1e3", "true", "null", '"1"', "[1]", "NaN", "Infinity", "9" * 40, str(LAST_MOMENT)]
)
def test_a_ping_that_names_no_moment_is_unspeakable(at: str) -> None:
    reader = Reader(1)

    with pytest.raises(Unspeakable):
        hear(Hub(), reader, f'{{"type": "ping", "at": {at}}}')

    assert (reader.got, reader.asked) == ([], None)


@pytest.mark.parametrize(
    "said", ['{"type": "ping"}', '{"type": "ping", "at": 1, "more": 1}', '{"type": "ping", "at": -1}']
)
def test_it_ends_the_socket(alice: Trader, said: str) -> None:
    """R-CODES: WS004."""
    with alice.socket() as line:
        line.send(said)

        assert close_code(line) == 4400


@pytest.mark.django_db(transaction=True)
async def test_a_page_that_is_behind_gets_its_answer_with_a_later_sweep(hub: Hub) -> None:
    reader = Reader(1)
    hub.join(reader, [])
    reader.full = True
    hear(hub, reader, '{"type": "ping", "at": 5}')
    owed = reader.asked

    reader.full = False
    await reader.until(bool)

    assert owed == 5
    assert [pong[1] for pong in map(PONG.fullmatch, reader.got) if pong] == ["5"]
