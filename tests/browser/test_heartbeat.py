"""R-PING in a browser: a line that only seems to be open is given up, one that is well is kept, after sleep too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.faults.faults import FaultProxy, way_to
from tests.patience import at_most

from . import chromium, desk_page
from .conftest import NewPage
from .server import DeskServer
from .test_codes import REACH
from .test_line import LOST_LINE
from .test_toasts import HIDE

LINES = "(count) => window.lines >= count"


class Way(FaultProxy):
    """The browser's way to the desk. While it `holds`, sockets' handshakes go nowhere, and all else passes."""

    holds = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        piece = await reader.read(65536)
        while self.holds and piece.startswith(b"GET /ws/"):
            await asyncio.sleep(0.05)
        writer.write(piece)
        await super().carry(reader, writer)


@pytest.fixture
def way(desk_server: DeskServer) -> Iterator[Way]:
    with way_to(desk_server.port, Way) as way:
        yield way


@pytest.fixture
def page(new_page: NewPage, watch: chromium.Watch, way: Way) -> Page:
    """Alice's desk by that way, with a clock that the test may move."""
    watch.allow(LOST_LINE)
    page = new_page(base_url=f"http://127.0.0.1:{way.port}")
    page.clock.install()
    page.add_init_script(REACH)
    chromium.sign_in(page, "alice")
    return page


def keep(page: Page) -> Page:
    desk_page.expect_live(page)
    page.wait_for_function("() => livedesk.time.known()")
    page.evaluate("window.kept = true")
    return page


def test_who_gets_no_answer_gives_the_line_up_though_frames_still_come(
    new_page: NewPage, watch: chromium.Watch
) -> None:
    watch.allow(LOST_LINE)
    page = new_page()
    page.clock.install()
    page.add_init_script(REACH)
    mute = False

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda words: None if mute and "ping" in str(words) else server.send(words))

    page.route_web_socket("**/ws/**", route)
    chromium.sign_in(page, "alice")
    keep(page)

    mute = True
    page.clock.run_for(19_000)

    page.wait_for_function(LINES, arg=2)
    mute = False
    desk_page.expect_live(page)
    assert page.evaluate("window.kept")


def test_after_sleep_a_dead_line_is_found_out_at_once(page: Page, way: Way) -> None:
    keep(page)
    way.become("blackhole")
    page.clock.fast_forward("10:00")

    expect(page.locator('#conn[data-state="stale"]')).to_have_count(1, timeout=at_most(2_000))
    page.wait_for_function(LINES, arg=2, timeout=at_most(7_000))
    way.become("pass")

    desk_page.expect_live(page)
    assert page.evaluate("window.kept")


def test_after_sleep_a_line_that_is_well_is_kept(page: Page) -> None:
    keep(page)
    page.clock.fast_forward("10:00")
    page.clock.run_for(1_000)

    desk_page.expect_live(page)
    page.evaluate(HIDE, True)
    page.clock.fast_forward("01:00")
    page.evaluate(HIDE, False)
    page.evaluate("dispatchEvent(new Event('online'))")

    desk_page.expect_live(page)
    assert page.evaluate("[window.kept, window.lines]") == [True, 1]


COUNT_PONGS = """() => {
    window.pongs = 0;
    window.line.addEventListener("message", (event) => { window.pongs += event.data.startsWith('<div id="pong"'); });
}"""


def test_timers_that_come_once_a_minute_do_not_end_a_line_that_is_well(page: Page) -> None:
    """Chromium's, for a tab that has been out of sight for five minutes."""
    keep(page)
    page.evaluate(HIDE, True)
    page.evaluate(COUNT_PONGS)

    for _ in range(6):
        before = page.evaluate("window.pongs")
        page.clock.fast_forward("01:00")
        page.wait_for_function("(before) => window.pongs > before", arg=before)

    page.evaluate(HIDE, False)
    desk_page.expect_live(page)
    assert page.evaluate("window.lines") == 1


def test_nor_do_they_keep_one_that_is_dead(page: Page, way: Way) -> None:
    keep(page)
    page.evaluate(HIDE, True)
    way.become("blackhole")

    for _ in range(5):
        page.clock.fast_forward("01:00")

    page.wait_for_function(LINES, arg=2)
    way.become("pass")
    desk_page.expect_live(page)


def test_the_first_handshake_may_hang(new_page: NewPage, watch: chromium.Watch, way: Way) -> None:
    """It is given up and tried again, and while it is under way nobody starts another."""
    watch.allow(LOST_LINE)
    page = new_page(base_url=f"http://127.0.0.1:{way.port}")
    page.clock.install()
    page.add_init_script(REACH)
    way.holds = True
    chromium.sign_in(page, "alice")
    page.wait_for_function(LINES, arg=1)
    page.locator("#conn").click()
    for _ in range(3):
        page.locator("#conn-retry").click()
    page.clock.run_for(1_000)
    asked = page.evaluate("window.lines")

    page.clock.run_for(20_000)
    page.wait_for_function(LINES, arg=2)
    way.holds = False

    desk_page.expect_live(page)
    assert asked == 1


def test_a_poll_that_is_never_answered_is_not_called_polling(new_page: NewPage, watch: chromium.Watch) -> None:
    """R-CONN, R-POLL: nor does its answer, when it comes after all, count as new."""
    watch.allow(LOST_LINE)
    page = new_page()
    page.clock.install()
    held: list[Route] = []
    page.route("**/live/poll/**", lambda route: held.append(route))
    page.route_web_socket("**/ws/**", lambda socket: socket.close(code=1011))
    chromium.sign_in(page, "bob")
    expect(page.locator('#conn[data-state="polling"]')).to_have_count(1)

    page.clock.run_for(10_000)

    expect(page.locator('#conn[data-state="offline"]')).to_have_count(1)
    assert len(held) == 1


def test_a_poll_that_the_line_overtakes_is_dropped(new_page: NewPage, watch: chromium.Watch) -> None:
    """R-STALE: its answer would be older than what the line has brought."""
    watch.allow(LOST_LINE)
    page = new_page()
    open_line = False
    dropped: list[str] = []

    def route(socket: WebSocketRoute) -> None:
        if open_line:
            socket.connect_to_server()
        else:
            socket.close(code=1011)

    page.route_web_socket("**/ws/**", route)
    page.route("**/live/poll/**", lambda route: None)
    page.on("requestfailed", lambda request: dropped.append(request.url))
    chromium.sign_in(page, "bob")
    expect(page.locator('#conn[data-state="polling"]')).to_have_count(1)

    open_line = True
    desk_page.expect_live(page)

    assert [url.partition("?")[0].rpartition("/live/")[2] for url in dropped] == ["poll/desk/"]
