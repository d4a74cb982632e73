"""R-ADMIN in a real browser: an admin closes a line, suspends a trader, and the trader's page says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from . import chromium, desk_page
from .accessibility import violations
from .conftest import NewPage
from .pages import THEMES

LOST_LINE = r"WebSocket|\[object Event\]|status of 40[13]"
LINES = "/ops/connections/"


def number_of(page: Page) -> str:
    return str(page.locator("body").get_attribute("data-user"))


def test_a_closed_line_is_said_and_comes_back_by_a_reload(new_page: NewPage, watch: chromium.Watch) -> None:
    watch.allow(LOST_LINE)
    trader, office = new_page("bob"), new_page("admin")
    desk_page.expect_live(trader)

    office.goto(f"{LINES}?user={number_of(trader)}")
    office.get_by_role("button", name="Close this socket of bob").click()

    expect(trader.locator('#conn[data-state="closed"]')).to_have_text("An admin has closed this line")
    expect(office.get_by_text("The socket was closed.")).to_be_visible()
    trader.reload()
    desk_page.expect_live(trader)


def test_a_suspension_asks_why_and_the_page_of_the_trader_says_so(new_page: NewPage, watch: chromium.Watch) -> None:
    watch.allow(LOST_LINE)
    trader, office = new_page("alice"), new_page("admin")
    desk_page.expect_live(trader)

    office.goto(f"/admin/accounts/user/{number_of(trader)}/change/")
    office.get_by_role("link", name="Suspend").click()
    office.get_by_label("Reason").fill("A test")
    office.get_by_role("button", name="Suspend").click()

    expect(trader.locator('#conn[data-state="closed"]')).to_have_text("Authentication required")
    office.get_by_role("link", name="Reinstate").click()
    office.get_by_label("Reason").fill("It is over")
    office.get_by_role("button", name="Reinstate").click()
    expect(office.get_by_role("link", name="Suspend")).to_be_visible()
    chromium.sign_in(trader, "alice")
    desk_page.expect_live(trader)


@pytest.mark.parametrize("theme", THEMES)
def test_live_connections_have_no_violation(new_page: NewPage, theme: str) -> None:
    trader, office = new_page("bob"), new_page("admin", color_scheme=theme)
    desk_page.expect_live(trader)

    office.goto(LINES)

    expect(office.get_by_role("button", name="Close this socket of bob").first).to_be_visible()
    assert violations(office) == []
