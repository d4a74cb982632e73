"""On a phone no page is wider than the screen: what is wide scrolls inside itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import chromium, desk_page
from .conftest import NewPage
from .pages import SIGNED_IN, STAFF

LINES = "/ops/connections/"


@pytest.mark.parametrize(("name", "paths"), [("alice", SIGNED_IN), ("admin", (*STAFF, LINES))])
def test_no_page_scrolls_sideways(new_page: NewPage, name: str, paths: tuple[str, ...]) -> None:
    page = new_page(name, viewport=chromium.PHONE)
    wide = {}
    for path in paths:
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        width = page.evaluate("document.documentElement.scrollWidth")
        if width != chromium.PHONE["width"]:
            wide[path] = width

    assert wide == {}


def test_a_table_of_connections_scrolls_inside_itself(new_page: NewPage) -> None:
    """Its words for screen readers too: nothing that is placed by itself is left outside."""
    office = new_page("admin", viewport=chromium.PHONE)

    office.goto(LINES)

    expect(office.get_by_role("button", name="Close this socket of admin").first).to_be_attached()
    assert office.evaluate("document.documentElement.scrollWidth") == chromium.PHONE["width"]


@pytest.mark.parametrize("viewport", [chromium.DESKTOP, chromium.PHONE], ids=["desktop", "phone"])
def test_orders_and_fills_fit_their_place_on_the_desk(new_page: NewPage, viewport: dict[str, int]) -> None:
    """What cancels an order is never out of sight, nor is a price."""
    page = new_page("bob")
    desk_page.expect_live(page)
    desk_page.send(page, "buy", "2", "MSFT")
    expect(page.locator(".area-fills tbody tr").first).to_contain_text("MSFT")
    desk_page.send(page, "buy", "1000", "KO", limit="10.00")
    expect(page.locator(".area-orders tbody tr").first).to_contain_text("KO")

    page.set_viewport_size(viewport)  # type: ignore[arg-type]

    for place in (".area-orders", ".area-fills"):
        assert page.locator(place).evaluate("(it) => it.scrollWidth - it.clientWidth") == 0
