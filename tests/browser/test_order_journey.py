"""From sign-in to a fill that moves everything, by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from . import chromium, desk_page
from .conftest import NewPage


def test_an_order_fills_and_everything_moves(page: Page) -> None:
    """R-PORT, R-TOAST: order, toast, fill, position, cash and equity without a reload."""
    desk_page.expect_live(page)
    held = desk_page.quantity_held(page, "AAPL")
    cash = desk_page.figure(page, "Cash").inner_text()
    equity = desk_page.figure(page, "Equity").inner_text()

    desk_page.send(page, "buy", "5", "AAPL")

    expect(desk_page.toast(page, "order.accepted")).to_contain_text("Buy 5 AAPL")
    expect(desk_page.toast(page, "order.filled")).to_contain_text("Buy 5 AAPL")
    desk_page.expect_quantity(page, "AAPL", held + 5)
    expect(desk_page.figure(page, "Cash")).not_to_have_text(cash)
    expect(desk_page.figure(page, "Equity")).not_to_have_text(equity)
    expect(page.locator(".area-fills tbody tr").first).to_contain_text(re.compile(r"AAPL\s+Buy\s+5\b"))


def test_toasts_go_by_themselves_and_stay_while_read(page: Page) -> None:
    """R-TOAST."""
    page.clock.install()
    page.reload()
    desk_page.expect_live(page)
    desk_page.send(page, "buy", "1", "MSFT")
    filled = desk_page.toast(page, "order.filled")
    filled.hover()

    page.clock.run_for(20_000)
    expect(filled).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.run_for(6_000)

    expect(page.locator("#toasts .toast")).to_have_count(0)


def test_quotes_move_by_themselves(page: Page) -> None:
    """R-WATCH."""
    desk_page.expect_live(page)
    shown = desk_page.quote(page, "AAPL").inner_text()

    expect(desk_page.quote(page, "AAPL")).not_to_have_text(shown)


def test_two_tabs_agree(page: Page) -> None:
    """R-TABS: an order in one tab shows in the other, a position likewise."""
    other = page.context.new_page()
    other.goto("/")
    desk_page.expect_live(page)
    desk_page.expect_live(other)
    held = desk_page.quantity_held(page, "NVDA")

    desk_page.send(page, "buy", "3", "NVDA")

    for tab in (page, other):
        expect(desk_page.toast(tab, "order.filled")).to_contain_text("Buy 3 NVDA")
        desk_page.expect_quantity(tab, "NVDA", held + 3)
    cash = desk_page.figure(page, "Cash").inner_text()
    expect(desk_page.figure(other, "Cash")).to_have_text(cash)


def test_a_refused_order_says_why_beside_the_field(page: Page, watch: chromium.Watch) -> None:
    """R-RISK: the rule and the number; nothing is sent."""
    watch.allow("status of 422")
    desk_page.expect_live(page)
    desk_page.record_toasts(page)

    desk_page.send(page, "buy", "999999", "AAPL")

    field = page.locator("#ticket-quantity")
    expect(field).to_have_attribute("aria-describedby", "ticket-quantity-error")
    expect(page.locator("#ticket-quantity-error")).to_contain_text(re.compile(r"[Nn]eeds [\d,.]+ USD.*available"))
    expect(field).to_have_value("999999")
    assert desk_page.shown_toasts(page) == []


def test_a_trader_can_do_without_a_mouse(page: Page) -> None:
    desk_page.expect_live(page)
    page.locator("#ticket-symbol").fill("KO")
    page.keyboard.press("Escape")
    page.locator("main").focus()

    page.keyboard.press("b")
    expect(page.locator("#ticket-quantity")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("2")
    page.keyboard.press("Enter")

    expect(desk_page.toast(page, "order.filled")).to_contain_text("Buy 2 KO")


def test_a_phone_shows_the_desk_and_its_ticket(new_page: NewPage) -> None:
    """R-BROWSER: nothing hangs over the edge, the ticket is a sheet."""
    page = new_page("bob", viewport=chromium.PHONE, has_touch=True, is_mobile=True)
    desk_page.expect_live(page)

    page.locator(".tabbar .trade").tap()
    desk_page.send(page, "buy", "1", "AAPL")

    expect(desk_page.toast(page, "order.filled")).to_contain_text("Buy 1 AAPL")
    assert page.evaluate("document.documentElement.scrollWidth") == chromium.PHONE["width"]


def test_without_javascript_an_order_can_be_sent_and_cancelled(new_page: NewPage) -> None:
    """R-NOJS."""
    page = new_page("bob", java_script_enabled=False)

    desk_page.send(page, "buy", "1", "AAPL", limit="1.00")

    expect(page.locator(".notices .notice")).to_contain_text("Order sent")
    page.goto("/orders/")
    row = page.locator("tbody tr", has_text="1.00").first
    expect(row).to_contain_text("Working")
    row.get_by_role("button", name=re.compile("Cancel")).click()
    expect(page.locator(".notices .notice")).to_contain_text("Cancelled")
