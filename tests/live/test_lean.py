"""What an idle socket keeps, and the inbox that its consumer reads."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack

import httpx

from config.lean import Inbox
from tests.browser.conftest import StartDesk
from tests.live.test_churn import wait
from tests.live.test_slow_page import resident_kb
from tests.live.test_socket import Trader
from tests.wire import ask_for_line

WARM_UP, COUNTED = 50, 400
KEEPS_KB = 35


def test_an_idle_socket_keeps_little(start_desk: StartDesk, record_property: Callable[[str, object], None]) -> None:
    server = start_desk(SIM_RATE="0.01", WS_MAX_PER_USER="0")
    trader = Trader(server, "alice")
    assert server.process

    def joined() -> socket.socket:
        line = ask_for_line(server.port, trader.cookies, "/ws/activity/", timeout=60)
        assert line.recv(65536)  # the answer to the handshake; with the first frame behind it, it has joined
        return line

    with ExitStack() as lines:
        for _ in range(WARM_UP):
            lines.enter_context(joined())
        before = resident_kb(server.process.pid)
        for _ in range(COUNTED):
            lines.enter_context(joined())
        kept = (resident_kb(server.process.pid) - before) / COUNTED
        wait(lambda: f"livedesk_sockets_open {WARM_UP + COUNTED}.0" in httpx.get(f"{server.url}/metrics").text)
        metrics = httpx.get(f"{server.url}/metrics").text
    trader.http.close()

    record_property("figure", f"{COUNTED} idle sockets: resident memory grew by {kept:.1f} kB each")
    assert f"livedesk_sockets_open {WARM_UP + COUNTED}.0" in metrics
    assert kept < KEEPS_KB


async def test_an_inbox_gives_what_came_in_order_and_says_when_it_is_taken() -> None:
    taken: list[int] = []
    inbox = Inbox(lambda: taken.append(inbox.qsize()))
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)

    for word in ("one", "two", "three"):
        inbox.put_nowait(word)

    assert [await reading, await inbox.get(), await inbox.get()] == ["one", "two", "three"]
    assert taken == [2, 1, 0]


async def test_a_reader_that_is_cancelled_takes_nothing_with_it() -> None:
    inbox = Inbox(lambda: None)
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("one")
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)

    assert (inbox.qsize(), await inbox.get()) == (1, "one")
