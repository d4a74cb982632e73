"""An alert from the form to the toast, on a market that moves by itself."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from . import desk_page
from .chromium import PHONE, Watch
from .conftest import NewPage


def add(page: Page, kind: str, symbol: str, level: str, note: str = "") -> None:
    page.get_by_label("Tell me of").select_option(label=kind)
    page.get_by_label("Symbol", exact=True).fill(symbol)
    page.get_by_label("Level").fill(level)
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Add alert").click()


def test_alert_is_set_crossed_told_and_acknowledged(new_page: NewPage) -> None:
    """R-ALERT: set on one device; the other one's page, open before, tells it and takes the answer."""
    page, other = new_page("alice"), new_page("alice")
    page.goto("/alerts/")
    desk_page.expect_live(page)
    expect(page.get_by_text("No alerts yet")).to_be_visible()
    other.goto("/symbols/AAPL/")
    other.get_by_role("link", name="Alert me").click()
    expect(other.get_by_label("Symbol", exact=True)).to_have_value("AAPL")

    add(other, "Price moves by, %", "AAPL", "0.01", "Look at the chart")

    toast = desk_page.toast(page, "alert.fired")
    expect(toast).to_contain_text("AAPL moves by 0.01 % from")
    expect(toast).to_contain_text("Look at the chart")
    page.get_by_role("button", name="Acknowledge: AAPL moves by").click()
    expect(page.get_by_role("heading", name="Acknowledged")).to_be_visible()
    expect(page.get_by_role("heading", name="To acknowledge")).to_have_count(0)
    expect(other.get_by_role("heading", name="Acknowledged")).to_be_visible()


def test_alerts_are_kept_on_a_phone_without_javascript(new_page: NewPage, watch: Watch) -> None:
    """R-NOJS: errors stand beside their fields, and nothing is wider than the screen."""
    watch.allow(r"status of 422")
    page = new_page("bob", java_script_enabled=False, viewport=PHONE)
    page.goto("/alerts/")

    add(page, "Price at or above", "NOPE99", "many")
    expect(page.locator("#alert-symbol-says")).to_contain_text("NOPE99 is not a symbol")
    expect(page.locator("#alert-threshold-says")).to_contain_text("Level must be a number")
    add(page, "Day P&L at or below", "", "-50000")
    expect(page.get_by_text("Day P&L at or below −50,000.00 USD", exact=True)).to_be_visible()
    box = page.locator("#main").bounding_box()
    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("No alerts yet")).to_be_visible()
    assert box and box["width"] <= PHONE["width"]
