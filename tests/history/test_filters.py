"""The ledger by kind, closed trades by tag and by long or short: on the page, in its addresses and in its files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.history.services import keep_note
from apps.portfolio.closed import closed_trades
from apps.portfolio.kinds import KINDS
from apps.portfolio.models import Account, Journal
from tests.portfolio.test_views import text_of
from tests.trades.http import JSON

from .conftest import MONDAY, Trade
from .exported import csv_rows, json_rows
from .test_views import rows_of

PAGE = "/history/"
APPS = Path(__file__).parents[2] / "apps"
QUERIES = [
    ({"tag": "swing"}, 2),
    ({"tag": " SWING ", "symbol": "AAPL"}, 1),
    ({"tag": "earnings"}, 1),
    ({"tag": "wing"}, 0),
    ({"direction": "long"}, 3),
    ({"direction": "short"}, 1),
    ({"direction": "short", "tag": "earnings"}, 1),
    ({"direction": "short", "tag": "swing"}, 0),
    ({"direction": "long", "from": "2026-03-03", "tag": "swing"}, 1),
    ({"tab": "ledger", "kind": "deposit"}, 1),
    ({"tab": "ledger", "kind": "sell"}, 4),
    ({"tab": "ledger", "kind": "sell", "symbol": "MSFT"}, 2),
    ({"tab": "ledger", "kind": "dividend"}, 0),
]


@pytest.fixture
def tagged(account: Account, trade: Trade) -> Account:
    """Two of the trades are swings, and a short one of MSFT, +6 on Thursday, was for earnings."""
    Account.objects.filter(pk=account.pk).update(kind="margin")
    trade(account, "sell 3 MSFT @ 20.00; buy 3 MSFT @ 18.00", day=3)
    first, second, _, short = (each.opened_by for _, each in closed_trades(account.pk))
    for opened_by, tags in ((first, ["swing"]), (second, ["swing", "slow wings"]), (short, ["earnings"])):
        keep_note(account, opened_by, "", tags, MONDAY)
    return account


@pytest.mark.parametrize(("query", "rows"), QUERIES)
def test_filter_narrows_the_page_and_its_files(
    desk: Client, tagged: Account, alice: Any, query: dict[str, str], rows: int
) -> None:
    page = desk.get(PAGE, query)
    words = "&".join(f"{name}={text}" for name, text in query.items())
    bookings = {row.get("ref", row.get("opened_by")) for row in json_rows(alice, words)}

    assert (max(rows_of(page), 0), len(bookings)) == (rows, rows)
    plain = [{name: value or "" for name, value in row.items()} for row in json_rows(alice, words)]
    assert plain == csv_rows(alice, words)


def test_filter_stays_in_the_addresses_of_the_tabs_that_take_it(desk: Client, tagged: Account) -> None:
    trades = desk.get(PAGE, {"tag": "swing", "direction": "long", "symbol": "AAPL"}).content.decode()
    ledger = desk.get(PAGE, {"tab": "ledger", "kind": "sell", "symbol": "AAPL"}).content.decode()

    kept = "tab=trades&amp;symbol=AAPL&amp;tag=swing&amp;direction=long"
    assert f'href="?{kept}" aria-current="page"' in trades and f'export.csv?{kept}"' in trades
    assert 'href="?tab=ledger&amp;symbol=AAPL"' in trades
    assert 'export.json?tab=ledger&amp;symbol=AAPL&amp;kind=sell"' in ledger
    assert '<option value="sell" selected>Sell</option>' in ledger
    assert '<option value="long" selected>Long</option>' in trades and 'name="tag" value="swing"' in trades


def test_form_offers_what_the_tab_takes(desk: Client, tagged: Account) -> None:
    def fields(tab: str) -> list[str]:
        page = desk.get(PAGE, {"tab": tab}).content.decode()
        return re.findall(r'name="(\w+)"', page.partition('class="filters"')[2].partition("</form>")[0])

    assert fields("trades") == ["tab", "symbol", "direction", "tag", "from", "to"]
    assert fields("ledger") == ["tab", "symbol", "kind", "from", "to"]
    assert fields("fills") == fields("orders") == ["tab", "symbol", "side", "from", "to"]
    offered = re.findall(r'<option value="([\w ]+)"></option>', desk.get(PAGE).content.decode())
    assert offered == ["earnings", "slow wings", "swing"]


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ({"tab": "ledger", "kind": "gossip"}, "kind", "Kind must be buy, sell, deposit, withdrawal, dividend"),
        ({"kind": "buy"}, "kind", "Kind must be empty here: only the ledger's bookings have one"),
        ({"tag": "=SUM(A1)"}, "tag", "Tag must be one tag of up to 30 letters, digits, spaces, - or _, such as swing"),
        ({"tag": "a,b"}, "tag", "Tag must be one tag of up to 30 letters"),
        ({"tag": "\0"}, "tag", "Tag must be one tag of up to 30 letters"),
        ({"tab": "fills", "tag": "swing"}, "tag", "Tag must be empty here: only closed trades have tags"),
        ({"direction": "up"}, "direction", "Direction must be long or short"),
        ({"tab": "ledger", "direction": "long"}, "direction", "Direction must be empty here: only closed trades"),
    ],
)
def test_wrong_filter_is_named_by_its_field(desk: Client, query: dict[str, str], name: str, words: str) -> None:
    page, data = desk.get(PAGE, query), desk.get(PAGE, query, headers=JSON)
    exported = desk.get("/history/export.json", query)

    assert [page.status_code, data.status_code, exported.status_code] == [400] * 3
    assert list(data.json()["errors"]) == list(exported.json()["errors"]) == [name]
    assert data.json()["errors"][name][0].startswith(words)
    assert words.replace("'", "&#x27;") in page.content.decode()


def test_closed_trades_say_whether_they_were_long_or_short(desk: Client, tagged: Account, alice: Any) -> None:
    text = text_of(desk.get(PAGE, {"symbol": "MSFT"}))

    assert text.index("MSFT Short 3 5 Mar") < text.index("MSFT Long 5 3 Mar")
    assert [row["direction"] for row in csv_rows(alice, "tab=trades")] == ["long", "long", "long", "short"]


def test_tags_of_another_are_not_offered(tagged: Account, bobs: Account, bob: Any, client: Client) -> None:
    """R-AUTH"""
    client.force_login(bob)

    assert "earnings" not in client.get(PAGE).content.decode()
    assert rows_of(client.get(PAGE, {"tag": "swing"})) <= 0


def test_every_kind_of_booking_has_a_name() -> None:
    """A booking of a kind that is not listed could not be asked for."""
    made = re.compile(r'(?:Journal\([^()]*kind=|move_cash\(account, |fund\(account, )"(\w+)"')
    code = [path.read_text() for app in ("portfolio", "trades") for path in (APPS / app).glob("*.py")]

    assert {kind for text in code for kind in made.findall(text)} <= KINDS.keys()
    assert Journal._meta.get_field("kind").max_length >= max(map(len, KINDS))
