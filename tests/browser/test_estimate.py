"""What an order would cost, as it is typed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from . import desk_page


def test_estimate_is_of_what_was_typed_last(page: Page) -> None:
    """Two fields in quick succession: the answer for the first must not take the second one's place."""
    desk_page.expect_live(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).query) if "ticket/" in request.url else None)
    ticket = page.locator("#ticket")

    ticket.locator('[name="quantity"]').fill("1")
    expect(page.locator("#ticket-estimate")).not_to_contain_text("Cost —")
    ticket.locator('[name="symbol"]').fill("AAPL")
    ticket.locator('[name="quantity"]').fill("")
    ticket.locator('[name="quantity"]').press_sequentially("100")

    expect(page.locator("#ticket-estimate dd").first).to_have_text(re.compile(r"^\d{2},\d{3}\.\d\d$"))
    assert [query for query in asked if "csrf" in query] == []
