"""R-ORDER as a trader uses it: types, times, exits, a change, cancel all, close the position."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from . import desk_page
from .chromium import Watch
from .conftest import NewPage


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f'#ticket [name="{name}"]').select_option(value)


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f'#ticket [name="{name}"]').fill(value)


def test_ticket_shows_the_fields_that_its_type_and_time_take(page: Page) -> None:
    desk_page.expect_live(page)
    fields = {name: page.locator(f'#ticket [name="{name}"]') for name in ("limit_price", "stop_price", "trail_amount")}
    shown = {
        "market": set(),
        "limit": {"limit_price"},
        "stop": {"stop_price"},
        "stop_limit": {"limit_price", "stop_price"},
        "trailing_stop": {"trail_amount"},
    }

    for order_type, names in shown.items():
        choose(page, "order_type", order_type)
        for name, field in fields.items():
            expect(field).to_be_visible(visible=name in names)
    choose(page, "time_in_force", "gtd")
    expect(page.locator('#ticket [name="expires_at"]')).to_be_visible()
    page.locator('#ticket label:has(input[value="sell"])').click()
    expect(page.locator("#ticket details[data-for-side='buy']")).to_be_hidden()


def test_bracket_is_bought_and_its_exits_wait_for_the_market(page: Page) -> None:
    desk_page.expect_live(page)
    page.locator("#ticket details[data-for-side='buy'] summary").click()
    fill(page, symbol="XOM", quantity="4", take_profit="9000", stop_loss="1")
    page.locator("#ticket .ticket-send").click()

    expect(desk_page.toast(page, "order.filled")).to_contain_text("Buy 4 XOM")
    orders = page.locator(".area-orders tbody tr", has_text="XOM")
    expect(orders).to_have_count(2)
    expect(orders.filter(has_text="take profit")).to_contain_text("9,000.00")
    expect(orders.filter(has_text="stop loss")).to_contain_text("1.00")


def test_second_order_follows_the_first_and_a_fault_stands_beside_its_field(new_page: NewPage, watch: Watch) -> None:
    watch.allow(r"status of 422")
    page = new_page("bob")
    desk_page.expect_live(page)
    page.locator("#ticket summary", has_text="Then: a second order").click()
    choose(page, "order_type", "limit")
    choose(page, "then_side", "sell")
    fill(page, symbol="XOM", quantity="4", limit_price="9000", then_quantity="four")
    page.locator("#ticket .ticket-send").click()
    expect(page.locator("#ticket-then_quantity-error")).to_contain_text("Quantity must be a plain number")

    fill(page, then_quantity="4")
    page.locator("#ticket .ticket-send").click()

    expect(desk_page.toast(page, "order.accepted").first).to_contain_text("then Sell 4 XOM")
    expect(desk_page.toast(page, "order.filled").filter(has_text="Sell 4 XOM")).to_be_visible()


def test_order_is_changed_on_its_page_and_all_are_cancelled(new_page: NewPage) -> None:
    page = new_page("bob")
    desk_page.expect_live(page)
    desk_page.send(page, "buy", "2", "KO", limit="1.00")
    expect(desk_page.toast(page, "order.accepted")).to_be_visible()
    page.goto("/orders/")
    page.get_by_role("link", name="Change Buy 2 KO").click()
    desk_page.expect_live(page)

    page.locator('#change [name="quantity"]').fill("3")
    page.locator('#change [name="limit_price"]').fill("1.50")
    page.get_by_role("button", name="Change the order").click()

    expect(page.locator(".order h1")).to_have_text("Buy 3 KO")
    expect(page.locator("#change [role=status]")).to_have_text("Changed: Buy 3 KO")
    page.goto("/orders/")
    desk_page.expect_live(page)
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("No working orders")).to_be_visible()


def test_position_is_closed_with_one_press_once_it_is_meant(new_page: NewPage) -> None:
    page = new_page("bob")
    desk_page.expect_live(page)
    desk_page.send(page, "buy", "6", "DIS")
    expect(desk_page.toast(page, "order.filled")).to_contain_text("Buy 6 DIS")
    page.goto("/symbols/DIS/")
    desk_page.expect_live(page)
    close = page.get_by_role("button", name="Close position")

    close.click()
    expect(page.get_by_role("dialog")).to_contain_text("Sell all 6 DIS at the market?")
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(close).to_be_visible()
    close.click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()

    expect(desk_page.toast(page, "order.filled")).to_contain_text(re.compile("Sell 6 DIS"))
    expect(page.get_by_text("You hold no DIS")).to_be_visible()
