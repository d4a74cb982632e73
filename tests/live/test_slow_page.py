"""Prepared frames against a page that stops reading: it costs nothing, harms nobody and comes back true."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.browser.conftest import StartDesk
from tests.live.test_socket import Trader, until
from tests.wire import ask_for_line

QUIET_SECONDS = 4.0


class RawSocket:
    """A WebSocket by hand, with a tiny window, that reads only when asked."""

    def __init__(self, trader: Trader, path: str) -> None:
        self.line = ask_for_line(trader.server.port, trader.cookies, path, window=4096)
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.line.recv(4096)
        assert self.rest.startswith(b"HTTP/1.1 101")
        self.rest = self.rest.partition(b"\r\n\r\n")[2]

    def take(self, count: int) -> bytes:
        while len(self.rest) < count:
            more = self.line.recv(65536)
            assert more, "the server closed the line"
            self.rest += more
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def frame(self) -> str:
        """The next text frame, whole and well formed."""
        while True:
            first, size = self.take(2)
            assert not size & 0x80, "a server never masks"
            if size == 126:
                size = int.from_bytes(self.take(2))
            elif size == 127:
                size = int.from_bytes(self.take(8))
            payload = self.take(size)
            if first == 0x81:
                return payload.decode()
            assert first in (0x89, 0x8A), f"an unexpected frame {first:#x}"


def resident_kb(pid: int) -> int:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])  # type: ignore[index]


def test_a_page_that_stops_reading_gets_what_is_newest_when_it_reads_again(start_desk: StartDesk) -> None:
    """R-STALE: states are conflated for a slow page; the server keeps no queue for it."""
    server = start_desk(SIM_RATE="40")
    trader = Trader(server, "alice")
    assert server.process
    with trader.socket() as reading:
        until(reading, lambda frame: "quote-" in frame)
        before = resident_kb(server.process.pid)
        stuck = RawSocket(trader, "/ws/desk/")
        ends = time.monotonic() + QUIET_SECONDS
        until(reading, lambda frame: time.monotonic() > ends)
        grown = resident_kb(server.process.pid) - before

        started_reading = time.time_ns() // 1000
        behind = 0
        while True:
            stamps = [int(ts) for ts in re.findall(r'id="quote-\w+"[^>]* data-ts="(\d+)"', stuck.frame())]
            behind += len(stamps)
            if stamps and max(stamps) > started_reading:
                break
    stuck.line.close()
    trader.http.close()

    assert grown < 10_000
    # 8 symbols at 40 a second for 4 s would be 1,280: what waited in the kernel's buffers may still come
    assert behind < 900
