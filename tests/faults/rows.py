"""The lists that a page shows, row by row, against the tables they are drawn from."""

from __future__ import annotations

import re
from collections.abc import Callable

from .clients import Page

Row = tuple[str, ...]
ORDER = re.compile(
    r'<tr id="row-([\w-]+)".*?</progress>([\d.,]+) <span class="faint">of ([\d.,]+)</span>.*?data-status="(\w+)"', re.S
)
FILL = re.compile(r'<tr id="fill-(\d+)"[^>]* data-qty="([\d.,]+)"')
ROW = re.compile(r'<tr id="')

# As many of the newest as are shown; quantities are kept in hundred-millionths
ORDERS = """
SELECT account_id, id::text, trim_scale(cum_qty / 1e8)::text, trim_scale(quantity / 1e8)::text, status FROM (
    SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY created_at DESC, id DESC) AS place
    FROM trades_order WHERE status IN ('new', 'partially_filled', 'held')) numbered
WHERE place <= 100 ORDER BY account_id, place"""
FILLS = """
SELECT account_id, id::text, trim_scale(last_qty / 1e8)::text FROM (
    SELECT fill.*, account_id, row_number() OVER (PARTITION BY account_id ORDER BY fill.at DESC, fill.id DESC) AS place
    FROM trades_fill fill JOIN trades_order orders ON orders.id = order_id) numbered
WHERE place <= 20 ORDER BY account_id, place"""


class Truth:
    """What lists of orders and fills must show now, by the id of the list."""

    def __init__(self, ask: Callable[[str], list[tuple[object, ...]]]) -> None:
        self.lists: dict[str, list[Row]] = {}
        for kind, statement in (("orders", ORDERS), ("fills", FILLS)):
            for account, *row in ask(statement):
                self.lists.setdefault(f"{kind}-{account}", []).append(tuple(map(str, row)))

    def denied_by(self, page: Page) -> str:
        """What the page shows and what it should, of each list that differs; empty where all is true."""
        wrong = []
        for kind, pattern in (("orders", ORDER), ("fills", FILL)):
            name = f"{kind}-{page.member.account_id}"
            shown, due = rows(page.lists[name], pattern) if name in page.lists else None, self.lists.get(name, [])
            if shown != due:
                wrong.append(f"{name} shows {shown}, not {due}")
        return "; ".join(wrong)


def rows(drawn: str, pattern: re.Pattern[str]) -> list[Row]:
    """The rows of a list as it is drawn, numbers without commas."""
    found = [(name, *(text.replace(",", "") for text in rest)) for name, *rest in pattern.findall(drawn)]
    assert len(found) == len(ROW.findall(drawn)), f"rows that cannot be read: {drawn[:2000]}"
    return found
