"""Pages that send without end or never read: the process stays small, the others are served, they are let go."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from websockets.sync.client import ClientConnection

from tests.browser.conftest import StartDesk
from tests.browser.server import DeskServer, manage
from tests.live.test_slow_page import RawSocket, resident_kb
from tests.live.test_socket import Trader, close_code, until
from tests.patience import at_most
from tests.services import postgres

MOST_GROWN_KB = 10_000
WORD = b'{"type":"hidden","value":true}'


def masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame, masked by zeros."""
    assert len(payload) < 126
    return struct.pack("!BB4x", 0x80 | opcode, 0x80 | len(payload)) + payload


def pour(line: socket.socket, frame: bytes, most: int) -> int:
    """Sends the frame again and again until so many bytes are gone, the peer stops reading for 2 s, or hangs up."""
    batch, sent = frame * (65536 // len(frame)), 0
    line.settimeout(2)
    with suppress(OSError):
        while sent < most:
            sent += line.send(batch[sent % len(batch) :])
    return sent


@pytest.fixture
def alice(desk_server: DeskServer) -> Iterator[Trader]:
    trader = Trader(desk_server, "alice")
    yield trader
    trader.http.close()


@pytest.mark.parametrize("frame", [masked(1, WORD), masked(1, b""), masked(2, b"\0" * 100), masked(9, b"p" * 125)])
def test_a_flood_of_frames_costs_no_memory_and_harms_nobody(alice: Trader, frame: bytes) -> None:
    """The last are pings whose answers are never read."""
    assert alice.server.process
    with alice.socket() as calm:
        until(calm, lambda frame: True)
        before = resident_kb(alice.server.process.pid)
        wild = RawSocket(alice, "/ws/desk/")
        pour(wild.line, frame, 16 << 20)
        grown = resident_kb(alice.server.process.pid) - before

        assert until(calm, lambda frame: "quote-" in frame)
    wild.line.close()
    assert grown < MOST_GROWN_KB


def test_a_page_that_reads_nothing_is_let_go(start_desk: StartDesk) -> None:
    """WS002. Its socket's buffers are full; the close frame may wait in them for ever, so the line is cut."""
    server = start_desk(SIM_RATE="50", WS_MAX_PER_USER="0")
    trader = Trader(server, "alice")
    stuck = [RawSocket(trader, "/ws/desk/") for _ in range(20)]
    assert server.process
    before = resident_kb(server.process.pid)
    with trader.socket() as reading:
        began = time.monotonic()
        while trader.http.get("/health").json()["websocket"]["connections"] > 1:
            until(reading, lambda frame: "quote-" in frame)
            assert time.monotonic() - began < at_most(30.0)
        grown = resident_kb(server.process.pid) - before
    for one in stuck:
        one.line.close()
    trader.http.close()

    assert grown < 20_000


def dropped_after(mute: RawSocket, answering: ClientConnection) -> float:
    """Seconds until a line that takes frames and answers no ping is gone. The other one is read meanwhile, for who
    does not read does not answer either, and is kept."""
    began = time.monotonic()
    with suppress(AssertionError, ConnectionResetError):
        while time.monotonic() - began < 60:
            mute.frame()
            until(answering, lambda frame: True)
    took = time.monotonic() - began
    mute.line.close()
    answering.send('{"type": "ping", "at": 7}')
    until(answering, lambda frame: 'id="pong" hidden data-at="7"' in frame)
    return took


def test_a_page_that_answers_no_ping_is_let_go(start_desk: StartDesk) -> None:
    """R-CONN: a line that only seems to be open is found out, though it still takes frames."""
    server = start_desk(WS_PING_INTERVAL="1000", WS_PING_TIMEOUT="3000")
    trader = Trader(server, "alice")
    with trader.socket() as answering:
        took = dropped_after(RawSocket(trader, "/ws/desk/"), answering)
    trader.http.close()
    assert took < at_most(8.0)


@pytest.mark.postgres
def test_what_comes_while_nobody_reads_it_stays_with_the_sender(
    desk_template: Path, migrated_postgres: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The session cannot be looked up, so the consumer takes no message: the socket is not read any more either."""
    home = tmp_path_factory.mktemp("unread")
    with postgres(migrated_postgres) as url:
        settings = {"DATABASE_URL": url, "DEMO_SIGN_IN": "on", "HTTPS": "off", "SECRET_KEY": "a key for a test " * 5}
        manage(home, "seed_demo", **settings)
        server = DeskServer(desk_template, home, **settings)
        server.start()
        alice = Trader(server, "alice")
        assert server.process
        with closing(psycopg.connect(url)) as other:
            other.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
            before = resident_kb(server.process.pid)
            wild = RawSocket(alice, "/ws/desk/")
            taken = pour(wild.line, masked(1, WORD), 64 << 20)
            grown = resident_kb(server.process.pid) - before
        with alice.socket() as line:
            line.send("the desk is well")
            assert close_code(line) == 4400
        wild.line.close()
        alice.http.close()
        server.terminate()

    assert taken < 16 << 20
    assert grown < MOST_GROWN_KB
