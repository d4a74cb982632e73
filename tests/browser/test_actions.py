"""What a press on a live page leads to: its answer and the push cross, and neither undoes the other."""

from __future__ import annotations

import time

from playwright.sync_api import APIResponse, Page, Route, expect

from tests.patience import at_most

from . import desk_page
from .conftest import NewPage


class Held:
    """Answers that the desk has given and the page has not got yet."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.answers: list[tuple[Route, APIResponse]] = []
        page.route(address, self.hold)

    def hold(self, route: Route) -> None:
        self.answers.append((route, route.fetch()))

    def has(self, count: int) -> None:
        """Waits for so many: the push may be here before the answer is."""
        deadline = time.monotonic() + at_most(20)
        while len(self.answers) < count and time.monotonic() < deadline:
            self.page.evaluate("1")  # has what came for the page handled
        assert len(self.answers) == count

    def let_go(self) -> None:
        self.has(1)
        for route, answer in self.answers:
            with self.page.expect_event("requestfinished"):
                route.fulfill(response=answer)
        self.answers.clear()


def working(page: Page, *symbols: str) -> None:
    """Bob's page of orders, with these and no others."""
    desk_page.expect_live(page)
    page.goto("/orders/")
    if page.get_by_role("button", name="Cancel all").count():
        page.get_by_role("button", name="Cancel all").click()
        page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("No working orders")).to_be_visible()
    page.goto("/")
    desk_page.expect_live(page)
    for symbol in symbols:
        with page.expect_response("**/orders/"):
            desk_page.send(page, "buy", "2", symbol, limit="1.00")
        expect(page.locator(".area-orders tbody tr", has_text=symbol)).to_be_visible()
    page.goto("/orders/")
    desk_page.expect_live(page)
    expect(page.locator(".orders tbody tr")).to_have_count(len(symbols))


def test_answer_that_comes_after_its_button_has_gone_is_no_fault(new_page: NewPage) -> None:
    page = new_page("bob")
    working(page, "KO")
    held = Held(page, "**/orders/cancel/")

    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("No working orders")).to_be_visible()
    held.let_go()

    expect(page.get_by_text("No working orders")).to_be_visible()  # and new_page hears no complaint


def test_late_answer_does_not_bring_back_what_was_pushed_away(new_page: NewPage) -> None:
    """P4: older never overwrites newer, whichever way it came."""
    page = new_page("bob")
    working(page, "KO", "DIS")
    held = Held(page, "**/orders/*-*/cancel/")
    page.get_by_role("button", name="Cancel Buy 2 KO").click()
    expect(page.locator(".orders tbody tr")).to_have_count(1)
    held.has(1)
    assert "Buy 2 DIS" in held.answers[0][1].text()  # as the list was then

    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    held.let_go()
    expect(page.get_by_text("No working orders")).to_be_visible()


def test_press_is_sent_once_while_its_answer_is_awaited_and_another_waits_its_turn(new_page: NewPage) -> None:
    page = new_page("bob")
    working(page, "KO", "DIS", "XOM")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)

    page.evaluate("""() => {
        const presses = document.querySelectorAll('.orders button[aria-label^="Cancel"]');
        for (const press of presses) { press.click(); press.click(); }
    }""")

    expect(page.get_by_text("No working orders")).to_be_visible()
    assert len(asked) == len(set(asked)) == 3


def test_question_about_what_has_gone_meanwhile_does_nothing(new_page: NewPage) -> None:
    page, other = new_page("bob"), new_page("bob")
    working(page, "KO")
    page.get_by_role("button", name="Cancel all").click()
    other.goto("/orders/")
    other.get_by_role("button", name="Cancel Buy 2 KO").click()
    expect(page.get_by_text("No working orders")).to_be_visible()

    page.get_by_role("dialog").get_by_role("button", name="Go on").click()

    expect(desk_page.toast(page, "fault")).to_contain_text("gone meanwhile")
