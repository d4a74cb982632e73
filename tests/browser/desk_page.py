"""The desk as a person uses it: its ticket, toasts, figures and rows, found by what a person sees."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from .accessibility import LIVE

RECORD_TOASTS = """() => {
    window.shown = [];
    new MutationObserver((changes) => {
        for (const change of changes) for (const node of change.addedNodes)
            if (node.dataset?.kind) window.shown.push([Number(node.dataset.seq), node.dataset.kind]);
        document.documentElement.dataset.shown = window.shown.length;
    }).observe(document.getElementById("toasts"), {childList: true});
}"""


def expect_live(page: Page) -> None:
    expect(page.locator(LIVE)).to_have_count(1)


def record_toasts(page: Page) -> None:
    """Keeps number and kind of every toast from now on, also of those that have gone."""
    page.evaluate(RECORD_TOASTS)


def expect_shown(page: Page, count: int) -> None:
    """So many toasts since `record_toasts`, gone ones too: on a slow machine the first goes before the last comes."""
    expect(page.locator(f'html[data-shown="{count}"]')).to_have_count(1)


def shown_toasts(page: Page) -> list[tuple[int, str]]:
    return [(seq, kind) for seq, kind in page.evaluate("window.shown")]


def send(page: Page, side: str, quantity: str, symbol: str, limit: str = "") -> None:
    """Fills in the ticket and sends it."""
    ticket = page.locator("#ticket")
    ticket.locator('[name="symbol"]').fill(symbol)
    ticket.locator(f'label:has(input[value="{side}"])').click()
    ticket.locator('[name="quantity"]').fill(quantity)
    ticket.locator('[name="order_type"]').select_option("limit" if limit else "market")
    if limit:
        ticket.locator('[name="limit_price"]').fill(limit)
    ticket.locator(".ticket-send").click()


def toast(page: Page, kind: str) -> Locator:
    return page.locator(f'#toasts .toast[data-kind="{kind}"]')


def figure(page: Page, name: str) -> Locator:
    """The figure of the account strip with that label."""
    label = page.locator("dt", has_text=re.compile(rf"^\s*{name}\s*$"))
    return page.locator(".strip .figure", has=label).locator("dd")


def position(page: Page, symbol: str) -> Locator:
    """The row of the positions table."""
    head = page.get_by_role("rowheader", name=re.compile(rf"^{symbol}\b"))
    return page.locator(".area-positions tbody tr").filter(has=head)


def quantity_held(page: Page, symbol: str) -> int:
    row = position(page, symbol)
    return int(row.locator("td.num").first.inner_text().replace(",", "")) if row.count() else 0


def expect_quantity(page: Page, symbol: str, quantity: int) -> None:
    expect(position(page, symbol).locator("td.num").first).to_have_text(f"{quantity:,}")


def quote(page: Page, symbol: str) -> Locator:
    return page.locator(f'[id="quote-{symbol}"]').first
