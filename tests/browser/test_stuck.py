"""WS002, 4408 in a browser: a page to which nothing gets through is let go, is told why, and comes back by itself."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from itertools import islice

import pytest
from playwright.sync_api import Page, expect

from tests.faults.faults import FaultProxy, way_to
from tests.live.test_socket import Trader
from tests.patience import at_most

from . import chromium, desk_page
from .conftest import NewPage, StartDesk
from .server import DeskServer
from .test_codes import LOST_LINE, REACH, opened

LET_GO = 'livedesk_sockets_closed_total{code="4408"}'
TRIES = 5  # a closing handshake may take a second: a test that was not awake then has missed it
SAYS = "Connection timed out. Reconnecting by itself."
HEAR = """
    addEventListener("DOMContentLoaded", () => {
        const advice = document.getElementById("conn-advice");
        const said = () => { document.documentElement.dataset.advice += advice.textContent; };
        if (advice) new MutationObserver(said).observe(advice, {childList: true});
    });
"""


class NarrowWay(FaultProxy):
    """Keeps next to nothing of what does not get through, so that the desk soon notices."""

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", self.target))
        return await asyncio.open_connection(sock=line, limit=4096)


@pytest.fixture(scope="module")
def desk_server(start_desk: StartDesk) -> DeskServer:
    """One that has much to say."""
    return start_desk(SIM_RATE="40")


@pytest.fixture
def way(desk_server: DeskServer) -> Iterator[NarrowWay]:
    with way_to(desk_server.port, NarrowWay) as way:
        yield way


@pytest.fixture
def ops(desk_server: DeskServer) -> Iterator[Trader]:
    trader = Trader(desk_server, "admin")
    yield trader
    trader.http.close()


def let_go(ops: Trader) -> float:
    told = re.search(rf"^{re.escape(LET_GO)} (\S+)$", ops.http.get("/metrics").text, re.MULTILINE)
    return float(told[1]) if told else 0.0


def end_of_a_line_that_takes_nothing(page: Page, way: NarrowWay, ops: Trader) -> int:
    """The code it was closed with, as the page has it: the way is open again as soon as the desk has let go."""
    page.evaluate("window.line.addEventListener('close', (end) => { window.ended = end.code; })")
    before, gives_up = let_go(ops), time.monotonic() + at_most(15)
    way.become("blackhole")
    while let_go(ops) == before:
        assert time.monotonic() < gives_up, "the desk held on to it"
    way.become("pass")
    page.wait_for_function("() => window.ended")
    desk_page.expect_live(page)
    return int(page.evaluate("() => { const code = window.ended; delete window.ended; return code; }"))


def test_a_page_to_which_nothing_gets_through_is_told_so_and_comes_back(
    new_page: NewPage, watch: chromium.Watch, way: NarrowWay, ops: Trader
) -> None:
    watch.allow(LOST_LINE)
    page = new_page(base_url=f"http://127.0.0.1:{way.port}")
    page.add_init_script(REACH)
    page.add_init_script(HEAR)
    chromium.sign_in(page, "alice")
    opened(page)

    codes = iter(lambda: end_of_a_line_that_takes_nothing(page, way, ops), 4408)
    missed = list(islice(codes, TRIES))

    assert len(missed) < TRIES, missed
    expect(page.locator("html")).to_have_attribute("data-codes", re.compile("WS002"))
    expect(page.locator("html")).to_have_attribute("data-advice", re.compile(re.escape(SAYS)))
    expect(page.locator("#conn-advice")).to_have_text("Everything on this page is live.")
    assert page.evaluate("window.kept")
