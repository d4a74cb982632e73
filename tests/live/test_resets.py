"""A line that is reset with much still to read ends as any other: no socket, file or consumer of it is left."""

from __future__ import annotations

import os
import random
import re
import socket
import struct
import time
from collections.abc import Callable

import httpx

from tests.browser.conftest import StartDesk
from tests.faults.fuzz import frame
from tests.live.test_socket import Trader
from tests.wire import ask_for_line

LINES, FRAMES = 60, 100
FIRST = 10  # after which the process has as many connections to the database as it needs
SPARE = 4  # files that come and go with requests
RESET = struct.pack("ii", 1, 0)
OPEN = re.compile(r"^livedesk_sockets_open (\S+)$", re.M)


def reset_one(port: int, cookies: str, dice: random.Random) -> None:
    with ask_for_line(port, cookies, "/ws/activity/", timeout=60) as line:
        assert line.recv(65536).startswith(b"HTTP/1.1 101")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        line.sendall(b"".join(frame(dice) for _ in range(FRAMES)))


def wait(true: Callable[[], bool], within: float = 20.0) -> bool:
    ends = time.monotonic() + within
    while not true() and time.monotonic() < ends:
        time.sleep(0.1)
    return true()


def test_lines_that_are_reset_leave_no_file(start_desk: StartDesk) -> None:
    server, dice = start_desk(SIM_RATE="1", WS_MAX_PER_USER="0", WS_HANDSHAKES_PER_MINUTE="0"), random.Random(20261130)
    trader = Trader(server, "alice")
    assert server.process
    folder = f"/proc/{server.process.pid}/fd"

    def none_open() -> bool:
        return OPEN.findall(httpx.get(f"{server.url}/metrics").text) == ["0.0"]

    for _ in range(FIRST):
        reset_one(server.port, trader.cookies, dice)
    assert wait(none_open)
    before = len(os.listdir(folder))
    for _ in range(LINES):
        reset_one(server.port, trader.cookies, dice)

    assert wait(none_open)
    assert wait(lambda: len(os.listdir(folder)) <= before + SPARE)
    trader.http.close()
