"""On a phone no page is wider than the screen: what is wide scrolls inside itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from . import chromium
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
