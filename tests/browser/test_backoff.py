"""R-CONN, R-POLL, R-CODES: how long a page waits before it tries again, and what its pill says meanwhile. Its clock
stands but for what a test lets pass, and chance is what the test says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from . import chromium, desk_page
from .conftest import NewPage
from .test_codes import LOST_LINE, expect_panel

COUNT = """
    window.lines = 0;
    let lost = 0;
    addEventListener("htmx:wsConnecting", () => { window.lines += 1; });
    addEventListener("htmx:wsClose", () => { document.documentElement.dataset.lost = lost += 1; });
"""
HEARD = "new Promise((heard) => addEventListener('htmx:wsBeforeMessage', () => heard(true), {once: true}))"
BEAT = '<div id="beat" hidden data-ts="1" data-seq="0"></div>'
LONGEST = [500, 1000, 2000, 4000, 8000, 8000]  # ms before the first try and each one after it
Answer = Callable[[WebSocketRoute], None]


class Desk:
    """The other end of the page's line: what it does with the next try, and whether it still speaks."""

    line: WebSocketRoute
    mute = False

    def __init__(self) -> None:
        self.answer: Answer = self.let_in

    def meet(self, socket: WebSocketRoute) -> None:
        self.line = socket
        self.answer(socket)

    def let_in(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda words: None if self.mute else socket.send(words))

    def hang_up(self, code: int = 1011) -> None:
        self.line.close(code=code)


def refuse(socket: WebSocketRoute) -> None:
    socket.close(code=1011)


def speak_once(socket: WebSocketRoute) -> None:
    socket.send(BEAT)
    socket.close(code=1011)


def limit(socket: WebSocketRoute) -> None:
    socket.close(code=4429)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def page(new_page: NewPage, desk: Desk, watch: chromium.Watch) -> Page:
    """Alice's desk, live; its clock stands."""
    watch.allow(LOST_LINE)
    page = new_page()
    page.clock.install()
    page.add_init_script(COUNT)
    page.route_web_socket("**/ws/**", desk.meet)
    chromium.sign_in(page, "alice")
    return stop_clock(page)


def stop_clock(page: Page) -> Page:
    desk_page.expect_live(page)
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    page.evaluate("window.kept = true; Math.random = () => 1")
    return page


def expect_pill(page: Page, words: str) -> None:
    """It is painted four times a second."""
    expect(page.locator("#conn")).to_have_text(words)


def expect_lost(page: Page, times: int) -> None:
    expect(page.locator("html")).to_have_attribute("data-lost", str(times))


def expect_try_after(page: Page, milliseconds: int) -> None:
    """Not before, and then at once, give or take some milliseconds; no time passes after it, which would be the next
    try's."""
    before = page.evaluate("window.lines")
    page.clock.run_for(max(milliseconds - 8, 0))
    assert page.evaluate("window.lines") == before
    for _ in range(16):
        page.clock.run_for(1)
        if page.evaluate("window.lines") > before:
            break
    assert page.evaluate("window.lines") == before + 1


def age_of(page: Page, state: str) -> float:
    words = page.locator("#conn").inner_text()
    told = re.fullmatch(rf"{state} · (\d+\.\d) s", words.strip())
    assert told, words
    return float(told[1])


@pytest.mark.parametrize("chance", [1, 0.25])
@pytest.mark.parametrize("answer", [refuse, speak_once])
def test_the_pauses_grow_to_8_s_and_chance_takes_any_part_of_them(
    page: Page, desk: Desk, answer: Answer, chance: float
) -> None:
    """A line that is let in, says one word and dies is no better than one that is refused."""
    page.evaluate("(chance) => { Math.random = () => chance; }", chance)
    desk.answer = answer
    desk.hang_up()

    for times, longest in enumerate(LONGEST, 1):
        expect_lost(page, times)
        expect_try_after(page, round(longest * chance))


def test_who_fails_four_times_polls_and_goes_live_again(page: Page, desk: Desk) -> None:
    """And a line that has held makes the next failure a first one; one that has not does not."""
    desk.answer = speak_once
    desk.hang_up()
    for times, longest in enumerate(LONGEST[:3], 1):
        expect_lost(page, times)
        expect_pill(page, f"Reconnecting · try {times} in {-(-longest // 1000)} s")
        page.clock.run_for(longest)

    expect_lost(page, 4)
    expect_pill(page, "Polling · every 5 s")
    desk.answer = desk.let_in
    page.clock.run_for(4000)
    desk_page.expect_live(page)
    desk.hang_up()
    expect_lost(page, 5)
    expect_pill(page, "Polling · every 5 s")
    page.clock.run_for(8000)
    desk_page.expect_live(page)
    page.clock.run_for(5001)
    page.evaluate(HEARD)
    desk.hang_up()

    expect_lost(page, 6)
    expect_pill(page, "Reconnecting · try 1 in 1 s")
    assert page.evaluate("window.kept")


def test_connect_now_does_not_wait_for_the_next_try(page: Page, desk: Desk) -> None:
    desk.answer = refuse
    desk.hang_up()
    for times, longest in enumerate(LONGEST[:2], 1):
        expect_lost(page, times)
        page.clock.run_for(longest)
    expect_lost(page, 3)
    expect_pill(page, "Reconnecting · try 3 in 2 s")
    page.locator("#conn").click()
    desk.answer = desk.let_in
    page.locator("#conn-retry").click()
    page.clock.run_for(1)

    assert page.evaluate("window.lines") == 4
    desk_page.expect_live(page)
    assert page.evaluate("window.kept")


@pytest.mark.parametrize("event", ["new Event('online')", "new Event('resume')", "new Event('visibilitychange')"])
def test_who_wakes_or_has_a_network_again_does_not_wait_for_the_next_try(page: Page, desk: Desk, event: str) -> None:
    """R-CONN: nor is there another try beside that one, then or when the next was due."""
    desk.answer = refuse
    desk.hang_up()
    for times, longest in enumerate(LONGEST[:2], 1):
        expect_lost(page, times)
        page.clock.run_for(longest)
    expect_lost(page, 3)
    desk.answer = desk.let_in
    target = "window" if "online" in event else "document"
    page.evaluate(f"{target}.dispatchEvent({event}); {target}.dispatchEvent({event})")
    page.clock.run_for(1)

    desk_page.expect_live(page)
    page.clock.run_for(2000)
    assert page.evaluate("[window.kept, window.lines]") == [True, 4]


def test_a_page_without_a_network_says_so_at_once_and_as_of_when_it_is(page: Page, desk: Desk) -> None:
    """R-CONN: its line may seem open still."""
    page.locator("#conn").click()
    desk.mute = True
    page.clock.run_for(250)
    page.evaluate("window.dispatchEvent(new Event('offline'))")

    told = re.fullmatch(r"Offline · as of (\d\d:\d\d:\d\d)", page.locator("#conn").inner_text().strip())
    assert told
    expect(page.locator("#conn-asof")).to_have_text(f"{told[1]} UTC")
    expect_panel(page, "WS002", "The line to the desk is down. Reconnecting by itself.")
    desk.mute = False
    desk_page.expect_live(page)


def test_who_polls_and_is_limited_says_how_long_the_line_must_wait(page: Page, desk: Desk) -> None:
    """WS003, 4429: nor is there a way around it."""
    desk.answer = refuse
    desk.hang_up()
    for times, longest in enumerate(LONGEST[:4], 1):
        expect_lost(page, times)
        desk.answer = limit if times == 4 else refuse
        page.clock.run_for(longest)
    expect_lost(page, 5)
    page.clock.run_for(250)
    expect_pill(page, "Polling · line in 60 s")
    page.locator("#conn").click()

    expect(page.locator("#conn-retry")).to_be_disabled()
    expect_try_after(page, 59_750)


@pytest.mark.parametrize(
    ("code", "name", "says"),
    [
        (4408, "WS002", "Connection timed out. Reconnecting by itself."),
        (4500, "WS005", "Server error. Reconnecting by itself."),
        (4503, "restart", "The desk is restarting. Reconnecting by itself."),
        (1012, "restart", "The desk is restarting. Reconnecting by itself."),  # a stock ASGI server says it so
        (1001, "WS002", "The line to the desk is down. Reconnecting by itself."),
        (1013, "WS002", "The line to the desk is down. Reconnecting by itself."),
    ],
)
def test_what_mends_itself_is_said_and_tried_again(page: Page, desk: Desk, code: int, name: str, says: str) -> None:
    page.locator("#conn").click()
    desk.answer = lambda socket: socket.close(code=code)
    desk.hang_up(code)

    expect_lost(page, 1)
    expect_pill(page, "Reconnecting · try 1 in 1 s")
    expect_panel(page, name, says)
    expect_try_after(page, 500)
    expect_lost(page, 2)
    expect_panel(page, name, says)
    desk.answer = desk.let_in
    expect_try_after(page, 1000)
    desk_page.expect_live(page)
    expect_panel(page, "—", "Everything on this page is live.")
    assert page.evaluate("window.kept")


def test_a_page_that_is_too_old_says_so_and_reloads_once(page: Page, desk: Desk) -> None:
    """4410: what comes of a second refusal soon after is no second reload."""
    page.locator("#conn").click()
    desk.hang_up(4410)

    expect_pill(page, "This page is too old to catch up")
    expect_panel(page, "resync", "This page is too old to catch up. Reloading once.")
    assert page.evaluate("window.kept")
    with page.expect_navigation():
        page.clock.run_for(600)
        page.clock.resume()
    stop_clock(page)
    desk.hang_up(4410)
    expect_lost(page, 1)
    expect_pill(page, "Reconnecting · try 1 in 1 s")
    page.clock.run_for(600)
    desk_page.expect_live(page)
    assert page.evaluate("window.kept")


def test_the_pill_says_how_old_the_page_is(page: Page, desk: Desk) -> None:
    """R-CONN: the age of the data, and from when on it is no longer called live."""
    desk.mute = True
    page.clock.run_for(250)
    age = age_of(page, "Live")
    page.clock.run_for(2000)

    assert age_of(page, "Live") == pytest.approx(age + 2, abs=0.11)
    page.clock.run_for(3000)
    assert age_of(page, "Stale") == pytest.approx(age + 5, abs=0.11)
    desk.mute = False
    desk_page.expect_live(page)
    page.clock.run_for(250)
    assert age_of(page, "Live") < 2
