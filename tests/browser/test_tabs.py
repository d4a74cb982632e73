"""R-RATE, R-POLL: a user with more tabs than there may be sockets: none is blind, none drives others out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from . import chromium, desk_page
from .conftest import NewPage, StartDesk
from .server import DeskServer
from .test_codes import LOST_LINE, REACH, expect_panel
from .test_line import order_elsewhere
from .test_toasts import HIDE

POLLING = '#conn[data-state="polling"]'


@pytest.fixture(scope="module")
def desk_server(start_desk: StartDesk) -> DeskServer:
    return start_desk(WS_MAX_PER_USER="2")


@pytest.fixture
def tabs(new_page: NewPage, watch: chromium.Watch) -> list[Page]:
    """Three of Bob's where two may be live, the oldest first; its clock, and no other's, is the test's."""
    watch.allow(LOST_LINE)
    first = new_page()
    first.clock.install()
    first.add_init_script(REACH)
    chromium.sign_in(first, "bob")
    desk_page.expect_live(first)
    first.evaluate("window.kept = true")
    second = new_page()
    chromium.sign_in(second, "bob")
    desk_page.expect_live(second)
    third = second.context.new_page()
    third.goto("/orders/")
    desk_page.expect_live(third)
    return [first, second, third]


def test_the_oldest_of_too_many_tabs_polls_until_somebody_looks_at_it(tabs: list[Page]) -> None:
    """WS003, 4409"""
    first, second, third = tabs
    expect(first.locator("#conn")).to_have_text("Polling · too many tabs")
    first.evaluate(HIDE, True)
    order_elsewhere(third, 3)
    first.clock.run_for(5_000)
    desk_page.expect_quantity(first, "AAPL", 3)

    for _ in range(3):
        first.clock.run_for(60_000)
        first.evaluate("dispatchEvent(new Event('online'))")
    assert first.evaluate("[window.kept, window.lines]") == [True, 1]
    desk_page.expect_live(second)
    desk_page.expect_live(third)

    first.evaluate(HIDE, False)
    desk_page.expect_live(first)
    expect(second.locator("#conn")).to_have_text("Polling · too many tabs")
    desk_page.expect_live(third)
    assert first.evaluate("[window.kept, window.lines]") == [True, 2]


def test_it_also_goes_live_by_focus_and_by_the_button(tabs: list[Page]) -> None:
    first, second, third = tabs
    expect(first.locator(POLLING)).to_have_count(1)
    first.locator("#conn").click()
    advice = "This one asks every 5 seconds; it goes live when you come back to it, in place of the oldest."
    expect_panel(first, "WS003", f"Too many tabs are open. {advice}")

    first.locator("#conn-retry").click()
    desk_page.expect_live(first)
    expect(second.locator(POLLING)).to_have_count(1)
    second.evaluate("dispatchEvent(new Event('focus'))")
    desk_page.expect_live(second)
    expect(third.locator(POLLING)).to_have_count(1)
    desk_page.expect_live(first)
