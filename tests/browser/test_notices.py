"""R-MAINT and R-BANNER, as people see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.patience import at_most

from . import admin_desk, desk_page
from .accessibility import violations
from .conftest import NewPage

BOARD = "#notice-all .notice"
NEWS = ".release .notice"


@pytest.fixture
def admin(new_page: NewPage) -> Iterator[Page]:
    page = new_page("admin")
    yield page
    admin_desk.remove_all(page, admin_desk.NOTICE)


def test_a_notice_reaches_every_open_page_and_goes_at_its_time(page: Page, new_page: NewPage, admin: Page) -> None:
    """R-MAINT: live pages at once; those without a line within seconds; nothing above it moves."""
    settings, stranger = new_page("bob"), new_page()
    settings.goto("/settings/")
    stranger.goto("/")
    desk_page.expect_live(page)
    send = page.locator(".ticket-send")
    place = send.bounding_box()

    admin_desk.publish(admin, "Maintenance at 18:00 UTC", seconds=14)

    expect(page.locator(BOARD)).to_contain_text("Warning: Maintenance at 18:00 UTC until", timeout=at_most(3_000))
    assert send.bounding_box() == place
    for other in (settings, stranger):
        expect(other.locator(BOARD)).to_contain_text("Maintenance at 18:00 UTC", timeout=at_most(12_000))
    assert violations(page) == []
    expect(page.locator(BOARD)).to_have_count(0, timeout=at_most(18_000))


def test_a_notice_stays_in_sight_on_a_phone(new_page: NewPage, admin: Page) -> None:
    admin_desk.publish(admin, "Maintenance tonight", level="error")

    page = new_page("alice", viewport={"width": 390, "height": 844}, has_touch=True)

    expect(page.locator(BOARD)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_news_of_the_release_are_put_away_in_all_tabs_for_good(page: Page, new_page: NewPage) -> None:
    """R-BANNER, R-TABS"""
    desk_page.expect_live(page)
    other = page.context.new_page()
    other.goto("/portfolio/")
    desk_page.expect_live(other)
    expect(other.locator(NEWS)).to_be_visible()

    page.locator(NEWS).get_by_role("button", name="Got it").click()

    expect(page.locator(NEWS)).to_have_count(0)
    expect(other.locator(NEWS)).to_have_count(0)
    page.reload()
    expect(page.locator(NEWS)).to_have_count(0)
    expect(new_page("alice").locator(NEWS)).to_have_count(0)


def test_news_are_put_away_without_javascript(new_page: NewPage) -> None:
    """R-NOJS"""
    page = new_page("bob", java_script_enabled=False)
    page.goto("/watchlist/")

    page.locator(NEWS).get_by_role("button", name="Got it").click()

    expect(page).to_have_url(f"{page.url.partition('/watchlist/')[0]}/watchlist/")
    expect(page.locator(NEWS)).to_have_count(0)
