"""P19: pages come and go by the thousand, well or badly, and leave nothing behind."""

from __future__ import annotations

import os
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable

import httpx

from tests.browser.conftest import StartDesk
from tests.live.test_slow_page import resident_kb
from tests.live.test_socket import Trader
from tests.wire import ask_for_line

WARM_UP, COUNTED = 500, 2000
THREADS = 4
GROWS_KB = 10_000
SPARE = 4  # files that come and go with requests
PATHS = ("/ws/desk/", "/ws/portfolio/", "/ws/watchlist/", "/ws/activity/", "/ws/trades/")
LEFT = re.compile(r"^livedesk_(sockets_open|topics_watched|streams_followed|seats_taken) (\S+)$", re.M)
NOTHING = dict.fromkeys(["sockets_open", "topics_watched", "streams_followed", "seats_taken"], 0.0)
RESET = struct.pack("ii", 1, 0)
GOODBYE = struct.pack("!BB4xH", 0x88, 0x82, 1001)


def come_and_go(port: int, cookies: str, path: str, manner: int) -> None:
    """A page opens its line and leaves it: with a word, without, by a reset, or before it was let in."""
    with ask_for_line(port, cookies, path, timeout=60) as line:
        if manner == 3:
            return
        seen = line.recv(65536)
        assert seen.startswith(b"HTTP/1.1 101"), seen
        if seen.endswith(b"\r\n\r\n"):
            line.recv(65536)  # the first frame: it has joined
        if manner == 0:
            line.sendall(GOODBYE)
        elif manner == 1:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def churn(trader: Trader, count: int) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        dice = random.Random(number)
        try:
            for _ in range(count // THREADS):
                come_and_go(trader.server.port, trader.cookies, dice.choice(PATHS), dice.randrange(4))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def wait(true: Callable[[], bool], within: float = 40.0) -> bool:
    """Whether it is true by then (s)."""
    ends = time.monotonic() + within
    while not true() and time.monotonic() < ends:
        time.sleep(0.2)
    return true()


def test_thousands_of_connects_leave_nothing(
    start_desk: StartDesk, record_property: Callable[[str, object], None]
) -> None:
    server = start_desk(SIM_RATE="1", WS_MAX_PER_USER="1000", WS_MAX_PER_ADDRESS="1000", WS_HANDSHAKES_PER_MINUTE="0")
    trader = Trader(server, "alice")
    assert server.process
    pid = server.process.pid

    def left() -> dict[str, float]:
        return {name: float(count) for name, count in LEFT.findall(httpx.get(f"{server.url}/metrics").text)}

    def files() -> int:
        return len(os.listdir(f"/proc/{pid}/fd"))

    churn(trader, WARM_UP)
    wait(lambda: left() == NOTHING)
    before, files_before = resident_kb(pid), files()

    started = time.monotonic()
    churn(trader, COUNTED)
    took = time.monotonic() - started
    wait(lambda: left() == NOTHING and files() <= files_before + SPARE)
    grown = resident_kb(pid) - before
    trader.http.close()

    record_property("figure", f"{COUNTED} connects and disconnects in {took:.1f} s: +{grown} kB, {left()}")
    assert left() == NOTHING
    assert files() <= files_before + SPARE
    assert grown < GROWS_KB
