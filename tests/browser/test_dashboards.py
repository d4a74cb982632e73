"""R-DASH in a real browser: a dashboard's figures move by its line, and its charts once these have moved."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.patience import at_most

from . import desk_page
from .conftest import NewPage
from .test_line import order_elsewhere

A_LOOK = 1000 * at_most(60)  # ms: events are counted ten seconds late, by a look each ten


def test_trading_moves_without_a_reload_and_asks_for_nothing_but_its_charts(new_page: NewPage) -> None:
    office, trader, asked = new_page("admin"), new_page("alice"), list[str]()
    office.goto("/ops/trading/")
    desk_page.expect_live(office)
    office.evaluate("window.kept = true")
    office.on("request", lambda request: asked.append(urlsplit(request.url).path))
    filled = office.locator("#trading tr").filter(has=office.get_by_role("rowheader", name="filled", exact=True))
    count = filled.locator("td.num")

    with office.expect_request("**/ops/curves.json*", timeout=1000 * at_most(100)):
        order_elsewhere(trader, 1)
        expect(count).to_be_visible(timeout=A_LOOK)
        before = int(count.inner_text())
        for _ in range(2):
            order_elsewhere(trader, 1)
        expect(count).to_have_text(str(before + 2), timeout=A_LOOK)

    expect(office.locator("#feed-title")).to_contain_text("as of")
    assert office.evaluate("window.kept")
    assert set(asked) == {"/ops/curves.json"}
