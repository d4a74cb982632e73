"""The history page: its tabs, filters and pages, and what it says where there is nothing or the filter is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.history import views
from apps.live.fragments import render_fragment
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.services import open_account
from tests.desk.build import quote
from tests.portfolio.test_views import text_of
from tests.trades.http import JSON, sign_in

from .conftest import Trade

PAGE = "/history/"
TABS = ("trades", "orders", "fills", "ledger")


def rows_of(answer: Any) -> int:
    return len(re.findall("<tr", answer.content.decode())) - 1


def test_trades_with_every_figure(desk: Client) -> None:
    text = text_of(desk.get(PAGE))

    for words in (
        "3 closed trades net P&amp;L +216.00",
        "AAPL Long 100 2 Mar 2026 15:00:00 10.00 12.00 1 s +200.00 2.00 +198.00 +19.80% +1.98",
        "MSFT Long 5 3 Mar 2026 15:00:02 20.00 18.00 1 s −10.00 2.00 −12.00 −12.00% —",
    ):
        assert words in text
    assert text.index("AAPL Long 10 ") < text.index("MSFT Long 5 ") < text.index("AAPL Long 100 ")


@pytest.mark.parametrize(
    ("tab", "rows", "words"), [("orders", 7, "7 orders"), ("fills", 7, "7 fills"), ("ledger", 8, "8 entries")]
)
def test_other_tabs_show_all_there_is(desk: Client, tab: str, rows: int, words: str) -> None:
    answer = desk.get(PAGE, {"tab": tab})

    assert (rows_of(answer), words in text_of(answer)) == (rows, True)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"symbol": "aapl"}, 2),
        ({"from": "2026-03-03"}, 2),
        ({"to": "2026-03-03"}, 2),
        ({"from": "2026-03-03", "to": "2026-03-03"}, 1),
        ({"tab": "orders", "symbol": "AAPL", "side": "buy"}, 3),
        ({"tab": "fills", "side": "sell"}, 3),
        ({"tab": "fills", "symbol": "MSFT", "from": "2026-03-03", "to": "2026-03-03", "side": "buy"}, 1),
        ({"tab": "ledger", "symbol": "MSFT"}, 2),
        ({"tab": "ledger", "to": "2026-03-02"}, 2),
    ],
)
def test_filters_narrow_a_tab(desk: Client, query: dict[str, str], rows: int) -> None:
    assert rows_of(desk.get(PAGE, query)) == rows


def test_filter_stays_in_the_links_of_tabs_and_pages(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-NOJS: plain links and a form that gets."""
    monkeypatch.setattr(views, "PAGE_SIZE", 1)

    page = desk.get(PAGE, {"tab": "fills", "symbol": "AAPL", "side": "sell", "from": "2026-03-02"}).content.decode()

    kept = "symbol=AAPL&amp;from=2026-03-02"
    assert f'href="?tab=trades&amp;{kept}"' in page
    assert 'rel="next" href="?tab=fills&amp;symbol=AAPL&amp;side=sell&amp;from=2026-03-02&amp;page=2"' in page
    assert 'value="AAPL"' in page and '<option value="sell" selected>' in page


@pytest.mark.parametrize("tab", TABS)
def test_pages_show_every_row_once(desk: Client, tab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = re.findall(r"<tr[ >].*?</tr>", desk.get(PAGE, {"tab": tab}).content.decode(), re.S)[1:]
    monkeypatch.setattr(views, "PAGE_SIZE", 2)

    parts, number = [], 0
    while number * 2 < len(whole):
        number += 1
        page = desk.get(PAGE, {"tab": tab, "page": str(number)}).content.decode()
        parts += re.findall(r"<tr[ >].*?</tr>", page, re.S)[1:]

    assert parts == whole
    assert f"Page {number} of {number}" in page


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"from": "2026-13-01"}, {"from": "From must be a day as year-month-day, such as 2026-03-31"}),
        ({"to": "tomorrow"}, {"to": "To must be a day as year-month-day, such as 2026-03-31"}),
        ({"to": "2026-W10-1"}, {"to": "To must be a day as year-month-day, such as 2026-03-31"}),
        (
            {"from": "2026-03-05", "to": "2026-03-04"},
            {"to": "To must be 2026-03-05 or later, or From earlier: nothing is from 2026-03-05 to 2026-03-04"},
        ),
        ({"symbol": "NONE"}, {"symbol": "Symbol NONE is not known here: type one in full, such as AAPL"}),
        ({"symbol": "<b>"}, {"symbol": "Symbol <b> is not known here: type one in full, such as AAPL"}),
        ({"tab": "fills", "side": "both"}, {"side": "Side must be buy or sell"}),
        ({"side": "buy"}, {"side": "Side must be empty here: only orders and fills have one"}),
        (
            {"symbol": "\0", "from": "x"},
            {
                "symbol": "Symbol \0 is not known here: type one in full, such as AAPL",
                "from": "From must be a day as year-month-day, such as 2026-03-31",
            },
        ),
    ],
)
def test_wrong_filter_names_the_field_and_what_would_be_right(
    desk: Client, query: dict[str, str], errors: dict[str, str]
) -> None:
    page, data = desk.get(PAGE, query), desk.get(PAGE, query, headers=JSON)

    assert (page.status_code, data.status_code) == (400, 400)
    assert data.json() == {"errors": {name: [words] for name, words in errors.items()}}
    text = page.content.decode()
    for name, words in errors.items():
        assert words.replace("<b>", "&lt;b&gt;") in text
        assert re.search(rf'name="{name}"[^>]* aria-invalid="true"', text) or name == "side"


def test_last_day_of_the_calendar_is_a_day(desk: Client) -> None:
    assert rows_of(desk.get(PAGE, {"from": "0001-01-01", "to": "9999-12-31"})) == 3


def test_unknown_tab_is_not_there_and_the_page_is_only_read(desk: Client) -> None:
    assert [desk.get(PAGE, {"tab": "gossip"}).status_code, desk.post(PAGE).status_code] == [404, 405]


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("trades", "No closed trades yet"),
        ("orders", "Send an order"),
        ("fills", "Send an order"),
        ("ledger", "Nothing booked yet"),
    ],
)
def test_empty_tab_says_what_to_do(market: Any, bob: Any, tab: str, words: str) -> None:
    open_account(bob, 0)

    assert words in text_of(sign_in(bob).get(PAGE, {"tab": tab}))


def test_filter_that_finds_nothing_leads_back(desk: Client) -> None:
    page = desk.get(PAGE, {"tab": "orders", "from": "2030-01-01"})

    assert "Nothing matches the filter" in text_of(page)
    assert 'href="?tab=orders"' in page.content.decode()


def test_who_has_no_account_is_told_what_to_do(charlie: Any, account: Account) -> None:
    assert "You have no account yet" in text_of(sign_in(charlie).get(PAGE))


def test_stranger_is_sent_to_sign_in(client: Client, db: None) -> None:
    assert (client.get(PAGE).status_code, client.get(PAGE, headers=JSON).status_code) == (302, 401)


@pytest.mark.parametrize("tab", TABS)
def test_history_is_its_owners(desk: Client, bobs: Account, bob: Any, tab: str) -> None:
    """R-AUTH"""
    theirs = text_of(sign_in(bob).get(PAGE, {"tab": tab, "account": "1"}))

    assert ("MSFT" in theirs, "AAPL" in theirs, "AAPL" in text_of(desk.get(PAGE, {"tab": tab}))) == (True, False, True)


@pytest.mark.parametrize("tab", TABS)
def test_tab_takes_as_many_queries_for_many_rows_as_for_few(
    desk: Client, account: Account, trade: Trade, tab: str
) -> None:
    counts = set()
    desk.get(PAGE, {"tab": tab})  # what a process reads once
    for _ in range(2):
        trade(account, "sell 5 AAPL @ 10.00; buy 5 AAPL @ 10.00", stop_loss="9.00")
        with CaptureQueriesContext(connection) as queries:
            desk.get(PAGE, {"tab": tab})
        counts.add(len(queries))

    assert len(counts) == 1


@pytest.mark.parametrize("path", ["/orders/", "/portfolio/", "/portfolio/performance/"])
def test_history_is_reached_from(desk: Client, path: str) -> None:
    assert 'href="/history/"' in desk.get(path).content.decode()


def test_open_lots_at_what_they_are_worth_now(desk: Client, account: Account, trade: Trade) -> None:
    trade(account, "buy 10 AAPL @ 9.00; buy 5 MSFT @ 20.00; sell 4 AAPL @ 9.50", day=5)
    board.catch_up()
    board.put(quote("AAPL 9.99/10.01 last 10.00", datetime.now(UTC)))

    answer = desk.get(PAGE, {"tab": "lots"})

    text = text_of(answer)
    assert (rows_of(answer), "3 open lots" in text) == (3, True)
    assert "10 9.00 90.00 10.00 100.00 +10.00" in text
    assert "1 12.00 12.00 10.00 10.00 −2.00" in text
    assert "5 20.00 100.00 — no price — —" in text
    assert rows_of(desk.get(PAGE, {"tab": "lots", "symbol": "MSFT"})) == 1


def test_a_fill_is_drawn_as_on_the_orders_page_with_its_day_and_liquidity(desk: Client, account: Account) -> None:
    live, past = render_fragment(f"fills/{account.pk}"), desk.get(PAGE, {"tab": "fills"}).content.decode()
    row, cell = re.compile('(<tr id="fill-.+?>)(.+?)</tr>', re.DOTALL), re.compile("<t[dh].+?</t[dh]>", re.DOTALL)

    now, then = ([(head, cell.findall(cells)) for head, cells in row.findall(html)] for html in (live, past))

    assert len(now) == 7
    assert [(head, cells[1:]) for head, cells in now] == [(head, cells[1:-1]) for head, cells in then]
    assert "2 Mar 2026" in then[-1][1][0] and ">2 Mar 15:00<" in now[-1][1][0]
