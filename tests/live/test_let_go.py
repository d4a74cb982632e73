"""A socket that has ended is gone at once: garbage that waits for a collection piles up when many come and go."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.server import DeskServer
from tests.live.test_churn import PATHS, come_and_go, wait
from tests.live.test_socket import Trader
from tests.wire import ask_for_line

from .uncollected import HELD

MANNERS = range(4)
REFUSED = ("Sec-WebSocket-Version: 99", "Sec-WebSocket-Version: 13")  # the second has no key


class Uncollected(DeskServer):
    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.live.uncollected", *self.words, "--port", str(self.port)]

    def held(self) -> int:
        return int((self.var / HELD).read_text())


@pytest.fixture
def desk(desk_template: Path, tmp_path: Path) -> Iterator[Uncollected]:
    server = Uncollected(desk_template, tmp_path, WS_MAX_PER_USER="0")
    server.start()
    yield server
    server.terminate()


def test_sockets_that_end_in_any_manner_are_let_go_without_a_collection(desk: Uncollected) -> None:
    """But for those that were there when a template was first looked for: that leaves garbage of its own, once."""
    trader = Trader(desk, "alice")
    lines = [ask_for_line(desk.port, trader.cookies, path, timeout=60) for path in PATHS]
    wait(lambda: desk.held() == len(PATHS))
    seen = desk.held()
    for line in lines:
        line.close()
    for path in PATHS:
        for manner in MANNERS:
            come_and_go(desk.port, trader.cookies, path, manner)
    wait(lambda: desk.held() <= len(PATHS))
    trader.http.close()

    assert seen == len(PATHS)
    assert desk.held() <= len(PATHS)


def refused(port: int, header: str) -> bytes:
    """What a handshake that is none is answered, to the end of its connection."""
    asked = f"GET {PATHS[0]} HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", header
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall("\r\n".join([*asked, "", ""]).encode())
        return b"".join(iter(lambda: line.recv(4096), b""))


def test_handshakes_that_are_none_are_answered_and_let_go(desk: Uncollected) -> None:
    answers = [refused(desk.port, header).split(b"\r\n")[0] for header in REFUSED * 10]
    wait(lambda: desk.held() == 0)

    assert {answer.split()[1] for answer in answers} == {b"400"}
    assert desk.held() == 0
    assert "Unhandled" not in desk.log.read_text()
