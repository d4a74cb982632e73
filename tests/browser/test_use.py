"""R-DASH: what a page tells of its use when it is left, and nothing where that is not wanted."""

from __future__ import annotations

import re
import threading
import time

from playwright.sync_api import Page, expect

from tests.patience import at_most

from . import desk_page
from .conftest import NewPage
from .test_line import order_elsewhere

ROW = "#engagement section:has(> .panel-head #{id}) tbody tr"


def row(page: Page, panel: str, name: str, first: str = "") -> str:
    """The row's text on the engagement page, once it is there and `first` is its first figure: use is written each few
    seconds."""
    deadline, pause = time.monotonic() + at_most(40), threading.Event()
    found = page.locator(ROW.format(id=panel)).filter(has=page.get_by_role("rowheader", name=name, exact=True))
    while time.monotonic() < deadline:
        page.goto("/ops/engagement/?span=day")
        if found.count() and (not first or re.findall(r"[\d.,]+", found.inner_text())[0] == first):
            return found.inner_text()
        pause.wait(0.5)
    raise AssertionError(f"{name} is not in {panel}")


def test_time_on_a_page_is_counted_when_it_is_left(new_page: NewPage) -> None:
    page, staff = new_page("alice"), new_page("admin")
    page.goto("/orders/")
    desk_page.expect_live(page)
    page.reload()
    desk_page.expect_live(page)
    order_elsewhere(page, 1)
    expect(desk_page.toast(page, "order.filled")).to_have_count(1)
    desk_page.toast(page, "order.filled").locator(".toast-close").click()

    page.goto("/settings/")

    left, seconds, reloaded = re.findall(r"[\d.,]+", row(staff, "stay-title", "trades:orders", "2"))
    assert (left, reloaded) == ("2", "1")
    assert 0 < float(seconds) < at_most(60)
    assert "trades:orders" in row(staff, "pages-title", "trades:orders")
    assert re.findall(r"\d+", row(staff, "toasts-title", "closed"))[0] == "1"
    assert re.findall(r"\d+", row(staff, "toasts-title", "shown"))[0] == "2"


def test_who_says_no_tells_nothing(new_page: NewPage) -> None:
    page = new_page("bob")
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url) if "/use/left/" in request.url else None)
    page.goto("/settings/")
    page.locator("label[for=counted-no]").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Save counting").click()
    expect(page.locator(".notices")).to_contain_text("Your use is not counted any more")
    told.clear()

    page.goto("/orders/")
    page.goto("/settings/")

    assert page.locator('script[src*="use"]').count() == 0
    assert told == []


def test_a_browser_with_do_not_track_tells_nothing(new_page: NewPage) -> None:
    page = new_page("alice", extra_http_headers={"DNT": "1"})

    page.goto("/orders/")

    assert page.locator('script[src*="use"]').count() == 0
