"""The desk by its keys, wherever they are pressed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from . import desk_page
from .chromium import Watch
from .conftest import NewPage


def test_key_of_a_side_leads_from_any_page_to_a_ticket_of_that_side(new_page: NewPage) -> None:
    page = new_page("bob")
    page.goto("/orders/")
    desk_page.expect_live(page)

    page.keyboard.press("s")

    page.wait_for_url("**/?side=sell#trade")
    expect(page.locator('#ticket [name="side"][value="sell"]')).to_be_checked()
    expect(page.locator('#ticket [name="quantity"]')).to_be_focused()


def test_focus_stays_in_the_ticket_when_its_order_is_sent_by_keyboard(new_page: NewPage) -> None:
    """The answer brings a new ticket; who sent one order may send the next without reaching for the mouse."""
    page = new_page("bob")
    desk_page.expect_live(page)
    page.locator('#ticket [name="quantity"]').fill("1")
    page.locator("#ticket .ticket-send").focus()

    page.keyboard.press("Enter")

    expect(page.locator("#ticket .ticket-sent")).to_contain_text(re.compile("Buy 1 "))
    expect(page.locator("#ticket .ticket-send")).to_be_focused()


def test_focus_goes_to_the_field_that_is_at_fault(new_page: NewPage, watch: Watch) -> None:
    watch.allow(r"status of 422")
    page = new_page("bob")
    desk_page.expect_live(page)
    page.locator('#ticket [name="quantity"]').fill("0")
    page.locator("#ticket .ticket-send").focus()

    page.keyboard.press("Enter")

    expect(page.locator("#ticket .error").first).to_be_visible()
    expect(page.locator('#ticket [name="quantity"]')).to_be_focused()


def test_focus_goes_to_the_next_row_when_its_own_has_gone(new_page: NewPage) -> None:
    """To its link, so that a key pressed twice cancels one order."""
    page = new_page("bob")
    desk_page.expect_live(page)
    for symbol in ("KO", "DIS"):
        desk_page.send(page, "buy", "1", symbol, limit="1.00")
        expect(page.locator(".area-orders tbody tr", has_text=symbol)).to_be_visible()
    page.get_by_role("button", name="Cancel Buy 1 DIS").focus()

    page.keyboard.press("Enter")

    expect(page.locator(".area-orders tbody tr")).to_have_count(1)
    expect(page.locator(".area-orders").get_by_role("link", name="KO")).to_be_focused()
