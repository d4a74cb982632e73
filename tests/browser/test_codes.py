"""R-CODES in a real browser: each code brought about, its words seen, and what the page does about it."""

from __future__ import annotations

import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.live.test_sessions import may, user_id
from tests.live.test_socket import Trader

from . import chromium, desk_page
from .conftest import NewPage, StartDesk
from .server import DeskServer

LOST_LINE = r"WebSocket|\[object Event\]|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|status of 500|ERR_EMPTY_RESPONSE"
# The page's socket where a test can reach it, how many there were, and every code its panel has shown
REACH = """
    window.lines = 0;
    window.WebSocket = class extends WebSocket {
        constructor(...where) { super(...where); window.line = this; window.lines += 1; }
    };
    addEventListener("DOMContentLoaded", () => {
        const code = document.getElementById("conn-code");
        const said = () => { document.documentElement.dataset.codes += " " + code.textContent; };
        if (code) new MutationObserver(said).observe(code, {childList: true});
    });
"""


@pytest.fixture
def bobs(start_desk: StartDesk, new_page: NewPage, watch: chromium.Watch) -> tuple[DeskServer, Page]:
    """A desk of the test's own, and Bob's page there, within reach."""
    watch.allow(LOST_LINE)
    server = start_desk()
    page = new_page(server=server)
    page.add_init_script(REACH)
    chromium.sign_in(page, "bob")
    opened(page)
    return server, page


@pytest.fixture
def reached(new_page: NewPage, watch: chromium.Watch) -> Page:
    """Alice's desk, live, with its connection panel open."""
    watch.allow(LOST_LINE)
    page = new_page()
    page.add_init_script(REACH)
    chromium.sign_in(page, "alice")
    return opened(page)


@pytest.fixture
def admin(desk_server: DeskServer) -> Iterator[Trader]:
    trader = Trader(desk_server, "admin")
    yield trader
    trader.http.close()


def opened(page: Page) -> Page:
    desk_page.expect_live(page)
    page.locator("#conn").click()
    page.evaluate("window.kept = true; window.opened = window.lines")
    return page


def expect_panel(page: Page, code: str, advice: str) -> None:
    expect(page.locator("#conn-code")).to_have_text(code)
    expect(page.locator("#conn-advice")).to_have_text(advice)


def expect_said(page: Page, code: str) -> None:
    """It may be there for a moment only."""
    expect(page.locator("html")).to_have_attribute("data-codes", re.compile(code))


def expect_closed(page: Page, code: str, says: str, advice: str) -> None:
    """The page stays as it is, says why, and does not try again by itself."""
    expect(page.locator('#conn[data-state="closed"]')).to_have_text(says)
    expect_panel(page, code, f"{says}. {advice}")
    assert page.evaluate("[window.kept, window.lines - window.opened]") == [True, 0]


def log_out(page: Page) -> None:
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    assert page.request.post("/accounts/logout/", headers={"X-CSRFToken": token, "Referer": page.url}).ok


def test_signed_out_elsewhere_offers_to_sign_in(reached: Page) -> None:
    """WS001, 4401"""
    log_out(reached)

    expect_closed(reached, "WS001", "Authentication required", "Sign in again.")
    reached.locator("#conn-retry").click()
    expect(reached.locator('form[action="/accounts/demo/"]').first).to_be_visible()


def test_other_rights_offer_a_reload(reached: Page, admin: Trader, desk_server: DeskServer) -> None:
    """WS001, 4403"""
    trader = Trader(desk_server, "alice")
    number = user_id(trader)
    trader.http.close()
    may(admin, number, is_active="on", is_staff="on")

    expect_closed(reached, "WS001", "Your access has changed", "Reload the page.")
    may(admin, number, is_active="on")
    reached.locator("#conn-retry").click()
    desk_page.expect_live(reached)


def test_a_frozen_desk_is_noticed_and_the_page_comes_back(reached: Page, desk_server: DeskServer) -> None:
    """WS002"""
    assert desk_server.process
    desk_server.process.send_signal(signal.SIGSTOP)
    try:
        expect(reached.locator('#conn[data-state="stale"]')).to_have_count(1)
        expect_panel(reached, "WS002", "The line to the desk is down. Reconnecting by itself.")
    finally:
        desk_server.process.send_signal(signal.SIGCONT)

    desk_page.expect_live(reached)
    assert reached.evaluate("window.kept")


def test_a_page_that_talks_too_much_waits_as_it_is_told(new_page: NewPage, watch: chromium.Watch) -> None:
    """WS003, 4429"""
    watch.allow(LOST_LINE)
    page = new_page()
    page.clock.install()
    page.add_init_script(REACH)
    chromium.sign_in(page, "alice")
    opened(page)
    page.evaluate("""() => {
        for (let n = 0; n < 40; n += 1) window.line.send('{"type": "hidden", "value": false}');
    }""")

    expect(page.locator("#conn")).to_have_text(re.compile(r"^Reconnecting · try 1 in (60|5\d) s$"))
    expect_panel(page, "WS003", "Rate limit exceeded. Trying again in 60 seconds.")
    page.evaluate("dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#conn-retry")).to_be_disabled()
    page.clock.run_for(30_000)
    expect(page.locator("#conn")).to_have_text(re.compile(r"^Reconnecting · try 1 in (30|[12]\d) s$"))
    assert page.evaluate("window.lines") == 1
    page.clock.run_for(31_000)
    desk_page.expect_live(page)
    assert page.evaluate("[window.kept, window.lines]") == [True, 2]


@pytest.mark.parametrize(("words", "says"), [("hello", "Invalid message"), ("x" * 20_000, "Message too large")])
def test_a_page_gone_wrong_offers_a_reload(reached: Page, words: str, says: str) -> None:
    """WS004, 4400 and 4413"""
    reached.evaluate("(words) => window.line.send(words)", words)

    expect_closed(reached, "WS004", says, "Reload the page.")
    reached.locator("#conn-retry").click()
    desk_page.expect_live(reached)


def test_a_fault_of_the_desk_is_retried_until_it_is_mended(bobs: tuple[DeskServer, Page]) -> None:
    """WS005, 4500: the table of event numbers is taken away under the running server, and put back."""
    server, page = bobs
    with closing(sqlite3.connect(server.var / "livedesk.sqlite3", timeout=40, isolation_level=None)) as database:
        database.execute("ALTER TABLE live_stream RENAME TO live_stream_away")
        page.evaluate("window.line.close()")
        expect_said(page, "WS005")
        database.execute("ALTER TABLE live_stream_away RENAME TO live_stream")

    desk_page.expect_live(page)
    assert page.evaluate("window.kept")


def test_a_restart_is_said_and_survived(bobs: tuple[DeskServer, Page]) -> None:
    """4503"""
    server, page = bobs
    assert server.terminate() == 0

    expect_said(page, "restart")
    server.start()
    desk_page.expect_live(page)
    assert page.evaluate("window.kept")


def test_a_page_that_cannot_catch_up_reloads_once(reached: Page) -> None:
    """4410: it names an event number that was never given out."""
    with reached.expect_navigation():
        reached.evaluate("document.body.dataset.seq = '999999999'; window.line.close()")

    desk_page.expect_live(reached)
    assert reached.evaluate("[window.kept, window.lines]") == [None, 1]


def test_a_page_from_before_what_is_kept_reloads_once_and_goes_on(bobs: tuple[DeskServer, Page]) -> None:
    """4410: what it missed has been forgotten meanwhile."""
    server, page = bobs
    with closing(sqlite3.connect(server.var / "livedesk.sqlite3", timeout=40, isolation_level=None)) as database:
        database.execute("UPDATE live_stream SET seq = seq + 9, forgotten = seq + 9 WHERE name LIKE 'user/%'")
    with page.expect_navigation():
        page.evaluate("window.line.close()")

    desk_page.expect_live(page)
    assert page.evaluate("[window.kept, window.lines]") == [None, 1]
