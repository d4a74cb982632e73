"""R-TOAST: in order and once, over tabs, reconnects and the death of the server; what was missed, in one line."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from . import chromium, desk_page
from .conftest import NewPage
from .server import DeskServer
from .test_line import LOST_LINE, order_elsewhere

DIGEST = '#toasts .toast[data-kind="digest.away"]'
ONE_ORDER = ["order.accepted", "order.filled"]
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def second_tab(page: Page) -> Page:
    tab = page.context.new_page()
    tab.goto("/orders/")
    desk_page.expect_live(tab)
    return tab


def limit_elsewhere(page: Page, count: int) -> list[str]:
    """Orders of the same trader that will not fill, from another device; gives their ids."""
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    fields = {"symbol": "AAPL", "side": "buy", "order_type": "limit", "limit_price": "1.00", "quantity": "1"}
    answers = [page.request.post("/orders/", form={**fields}, headers=headers) for _ in range(count)]
    assert {answer.status for answer in answers} == {201}
    return [str(answer.json()["id"]) for answer in answers]


def cancel_elsewhere(page: Page, order_id: str) -> None:
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    assert page.request.post(f"/orders/{order_id}/cancel/", headers=headers).ok


def another_device(browser: Browser, page: Page) -> Page:
    context = browser.new_context(base_url=page.url)
    phone = context.new_page()
    chromium.sign_in(phone, "alice")
    return phone


def test_two_tabs_tell_each_thing_once_over_the_death_of_the_server(
    page: Page, desk_server: DeskServer, watch: chromium.Watch
) -> None:
    """R-TOAST, R-TABS: in both tabs the same, in order, nothing lost and nothing twice."""
    watch.allow(LOST_LINE)
    desk_page.expect_live(page)
    tabs = [page, second_tab(page)]
    for tab in tabs:
        desk_page.record_toasts(tab)
    order_elsewhere(page, 1)
    for tab in tabs:
        expect(desk_page.toast(tab, "order.filled")).to_have_count(1)

    for quantity in (2, 3):
        desk_server.kill()
        desk_server.start()
        order_elsewhere(page, quantity)
        for tab in tabs:
            expect(desk_page.toast(tab, "order.filled").last).to_contain_text(f"Buy {quantity} AAPL")

    told = [desk_page.shown_toasts(tab) for tab in tabs]
    numbers = [seq for seq, _ in told[0]]
    assert told[0] == told[1]
    assert [kind for _, kind in told[0]] == ONE_ORDER * 3
    assert numbers == sorted(set(numbers))


class Line:
    """The page's way to the desk, to be cut and mended. Chromium's own "offline" leaves an open socket open."""

    def __init__(self, page: Page) -> None:
        self.page, self.whole, self.sockets = page, True, list[WebSocketRoute]()
        page.route_web_socket("**/ws/**", self.route)

    def route(self, socket: WebSocketRoute) -> None:
        if self.whole:
            self.sockets.append(socket)
            socket.connect_to_server()
        else:
            socket.close(code=1011)

    def cut(self) -> None:
        self.whole = False
        self.page.context.set_offline(True)
        for socket in self.sockets:
            socket.close(code=1012)
        expect(self.page.locator('#conn[data-state="live"]')).to_have_count(0)

    def mend(self) -> None:
        self.whole = True
        self.page.context.set_offline(False)


def test_who_comes_back_to_many_gets_one_line_that_is_true(
    new_page: NewPage, browser: Browser, watch: chromium.Watch
) -> None:
    """R-TOAST: more than five missed are one digest; the activity page says the same; what follows is told."""
    watch.allow(LOST_LINE)
    page = new_page()
    line = Line(page)
    page.route("**/live/poll/**", lambda route: None)  # it would tell each, and the line is what is tried here
    chromium.sign_in(page, "alice")
    phone = another_device(browser, page)
    desk_page.expect_live(page)
    desk_page.record_toasts(page)

    line.cut()
    ids = limit_elsewhere(phone, 3)
    for order_id in ids[:2]:
        cancel_elsewhere(phone, order_id)
    for quantity in (1, 2):
        order_elsewhere(phone, quantity, "MSFT")
    expect(desk_page.position(phone, "MSFT")).to_be_visible()
    expect(desk_page.toast(phone, "order.filled")).to_have_count(2)
    page.evaluate(HIDE, True)  # toasts wait for somebody to look, and the test need not hurry
    line.mend()

    words = "2 orders filled, 2 cancelled, 1 accepted"
    expect(page.locator(DIGEST)).to_contain_text(f"While you were away: {words}")
    order_elsewhere(phone, 3, "MSFT")
    expect(desk_page.toast(page, "order.filled")).to_have_count(1)
    assert [kind for _, kind in desk_page.shown_toasts(page)] == ["digest.away", *ONE_ORDER]
    page.evaluate(HIDE, False)
    page.locator(DIGEST).get_by_role("link").click()
    expect(page.locator("#away")).to_contain_text(f"While you were away: {words}. 9 notifications")
    expect(page.locator(DIGEST)).to_have_count(0)
    phone.context.close()


def test_who_opens_the_desk_again_is_told_what_was_missed_once(page: Page, browser: Browser) -> None:
    """R-TOAST: a new tab goes on from the last thing that any tab of this browser has shown."""
    phone = another_device(browser, page)
    desk_page.expect_live(page)
    order_elsewhere(phone, 1)
    expect(desk_page.toast(page, "order.filled")).to_have_count(1)
    context = page.context
    page.close()
    limit_elsewhere(phone, 7)

    first = context.new_page()
    first.goto("/")
    expect(first.locator(DIGEST)).to_contain_text("While you were away: 7 orders accepted")
    second = context.new_page()
    second.goto("/")
    desk_page.expect_live(second)
    first.reload()
    desk_page.expect_live(first)

    assert [tab.locator("#toasts .toast").count() for tab in (first, second)] == [0, 0]
    phone.context.close()


def test_what_came_to_a_hidden_tab_is_one_line_when_it_is_looked_at(page: Page) -> None:
    """R-TOAST: no toast goes while nobody can see it."""
    desk_page.expect_live(page)
    page.evaluate(HIDE, True)
    limit_elsewhere(page, 8)
    expect(page.locator("#toasts .toast")).to_have_count(8)

    page.evaluate(HIDE, False)

    expect(page.locator(DIGEST)).to_contain_text("While you were away: 8 orders accepted")
    expect(page.locator("#toasts .toast")).to_have_count(1)


def test_what_is_read_in_one_tab_is_read_in_all(new_page: NewPage) -> None:
    """R-TABS"""
    page = new_page("bob")
    desk_page.expect_live(page)
    limit_elsewhere(page, 1)
    expect(page.locator("#bell .bell-count")).to_be_visible()
    other = page.context.new_page()
    other.goto("/activity/")
    desk_page.expect_live(other)

    other.get_by_role("button", name="Mark all as read").click()

    for tab in (page, other):
        expect(tab.locator("#bell")).to_have_attribute("aria-label", re.compile(r"\b0 unread"))


def test_a_digest_that_counts_what_was_shown_starts_the_page_afresh(page: Page) -> None:
    """R-TOAST: where a poll and a new line cross, nothing is lost and nothing counted twice."""
    desk_page.expect_live(page)
    seen = page.evaluate("livedesk.seq()")
    crossed = f'<div id="toast-x" class="toast" data-after="{seen - 1}" data-seq="{seen + 9}"></div>'

    with page.expect_navigation():
        page.evaluate("(html) => { setTimeout(() => livedesk.take(html)); }", crossed)

    desk_page.expect_live(page)
    assert page.evaluate("livedesk.seq()") == seen
    assert page.locator("#toast-x").count() == 0
