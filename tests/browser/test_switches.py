"""R-FLAG: live updates are switched off and on under open pages, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.live.switches import place
from tests.patience import at_most

from . import admin_desk, desk_page
from .conftest import NewPage

POLLING = '#conn[data-state="polling"]'
WITHIN_5_S = at_most(5_000)


@pytest.fixture
def admin(new_page: NewPage) -> Iterator[Page]:
    page = new_page("admin")
    yield page
    admin_desk.remove_all(page, admin_desk.SWITCH)


def test_an_open_page_polls_within_5_s_and_goes_live_again(page: Page, admin: Page) -> None:
    """R-FLAG, R-POLL: no reload, orders work meanwhile, each toast once; the pill's panel says why."""
    desk_page.expect_live(page)
    held = desk_page.quantity_held(page, "AAPL")
    page.evaluate("window.kept = true")
    desk_page.record_toasts(page)

    admin_desk.switch(admin, on=False)
    expect(page.locator(POLLING)).to_have_count(1, timeout=WITHIN_5_S)
    page.locator("#conn").click()
    expect(page.locator("#conn-code")).to_have_text("switched off")
    expect(page.locator("#conn-advice")).to_contain_text("Live updates are switched off")
    page.keyboard.press("Escape")
    desk_page.send(page, "buy", "2", "AAPL")
    expect(desk_page.toast(page, "order.filled")).to_contain_text("Buy 2 AAPL")
    desk_page.expect_quantity(page, "AAPL", held + 2)
    admin_desk.remove_all(admin, admin_desk.SWITCH)

    desk_page.expect_live(page)
    desk_page.send(page, "buy", "3", "AAPL")
    desk_page.expect_quantity(page, "AAPL", held + 5)
    assert [kind for _, kind in desk_page.shown_toasts(page)] == ["order.accepted", "order.filled"] * 2
    assert page.evaluate("window.kept")


def test_a_new_page_of_who_is_switched_off_opens_no_socket_until_it_may(new_page: NewPage, admin: Page) -> None:
    admin_desk.switch(admin, on=False)
    page = new_page("alice")
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))

    page.goto("/portfolio/")
    expect(page.locator(POLLING)).to_have_count(1, timeout=WITHIN_5_S)
    with page.expect_response("**/live/poll/**"):
        pass
    before = list(sockets)
    admin_desk.switch(admin, on=True)

    desk_page.expect_live(page)
    assert before == []
    assert len(sockets) == 1


def test_a_share_is_live_and_the_others_poll(new_page: NewPage, admin: Page) -> None:
    pages = {
        int(page.locator("body").get_attribute("data-user") or 0): page for page in map(new_page, ("alice", "bob"))
    }
    lower, higher = sorted(pages, key=place)
    for page in pages.values():
        desk_page.expect_live(page)

    admin_desk.switch(admin, on=True, share=round((place(lower) + place(higher)) / 2))

    expect(pages[higher].locator(POLLING)).to_have_count(1, timeout=WITHIN_5_S)
    desk_page.expect_live(pages[lower])
