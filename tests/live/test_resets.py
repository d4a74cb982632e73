"""A line that is reset with much still to read ends as any other: no socket, file or consumer of it is left."""

from __future__ import annotations

import os
import random
import re
import socket

import httpx

from tests.browser.conftest import StartDesk
from tests.faults.fuzz import frame
from tests.live.test_churn import RESET, SPARE, wait
from tests.live.test_socket import Trader
from tests.wire import ask_for_line

LINES, FRAMES = 60, 100
FIRST = 10  # after which the process has as many connections to the database as it needs
OPEN = re.compile(r"^livedesk_sockets_open (\S+)$", re.M)


def reset_one(port: int, cookies: str, dice: random.Random) -> None:
    with ask_for_line(port, cookies, "/ws/activity/", timeout=60) as line:
        assert line.recv(65536).startswith(b"HTTP/1.1 101")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        line.sendall(b"".join(frame(dice) for _ in range(FRAMES)))


def test_lines_that_are_reset_leave_no_file(start_desk: StartDesk) -> None:
    server, dice = start_desk(SIM_RATE="1", WS_MAX_PER_USER="0", WS_HANDSHAKES_PER_MINUTE="0"), random.Random(20261130)
    trader = Trader(server, "alice")
    assert server.process
    folder = f"/proc/{server.process.pid}/fd"

    def none_open() -> bool:
        return OPEN.findall(httpx.get(f"{server.url}/metrics").text) == ["0.0"]

    for _ in range(FIRST):
        reset_one(server.port, trader.cookies, dice)
    assert wait(none_open, 20)
    before = len(os.listdir(folder))
    for _ in range(LINES):
        reset_one(server.port, trader.cookies, dice)

    assert wait(none_open, 20)
    assert wait(lambda: len(os.listdir(folder)) <= before + SPARE, 20)
    trader.http.close()
