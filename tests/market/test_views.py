from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.market import services
from apps.market.quotes import board

from .build import NOON, bar, instrument, later, tick

JSON = {"Accept": "application/json"}


@pytest.fixture
def page(client: Client, alice: Any) -> Client:
    instrument("AAPL", "Apple Inc.")
    client.force_login(alice)
    return client


def test_search_answers_json(page: Client) -> None:
    answer = page.get("/symbols/?q=app", headers=JSON)

    assert answer.json() == {"symbols": [{"symbol": "AAPL", "name": "Apple Inc.", "was": ""}]}


def test_search_answers_options_to_htmx(page: Client) -> None:
    answer = page.get("/symbols/?q=app", headers={"HX-Request": "true"})

    assert answer.content.decode().strip() == (
        '<div role="option" id="option-AAPL" data-symbol="AAPL"><b>AAPL</b> <span>Apple Inc.</span></div>'
    )


def test_search_that_finds_nothing_says_so_and_escapes(page: Client) -> None:
    answer = page.get("/symbols/?q=<b>", headers={"HX-Request": "true"})

    assert answer.content.decode().strip() == '<p class="none">No symbol or name matches “&lt;b&gt;”.</p>'


def test_search_without_javascript_is_a_page(page: Client) -> None:
    """R-NOJS"""
    answer = page.get("/symbols/?q=app")

    assert answer.status_code == 200
    assert '<a class="sym" href="/symbols/AAPL/">AAPL</a>' in answer.content.decode()


def test_bars_answer_prices_as_text_and_time_in_seconds(page: Client) -> None:
    services.save_bars([bar("10.00 11 9.5 10.25", volume=300)])

    answer = page.get("/symbols/AAPL/bars.json?minutes=5")

    assert answer.json() == {
        "symbol": "AAPL",
        "bars": [
            {
                "time": int(NOON.timestamp()),
                "open": "10.00000000",
                "high": "11.00000000",
                "low": "9.50000000",
                "close": "10.25000000",
                "volume": "300.00000000",
            }
        ],
    }


def test_bars_go_on_with_the_minute_being_traded(page: Client) -> None:
    services.save_bars([bar("1 1 1 1"), bar("2 2 2 2", later(60))])
    for last, at in [("3.00", 70), ("4.00", 125), ("5.00", 185)]:
        board.put(tick(last, later(at)))

    answer = page.get("/symbols/AAPL/bars.json")
    newest = page.get("/symbols/AAPL/bars.json?minutes=2")

    assert [each["close"] for each in answer.json()["bars"]] == ["1.00000000", "3.00", "4.00", "5.00"]
    assert [each["close"] for each in newest.json()["bars"]] == ["4.00", "5.00"]


def test_bars_that_no_process_has_gone_on_with(page: Client) -> None:
    services.save_bars([bar("1 1 1 1"), bar("2 2 2 2", later(60))])
    board.put(tick("3.00", later(-60)))

    answer = page.get("/symbols/AAPL/bars.json")

    assert [each["close"] for each in answer.json()["bars"]] == ["1.00000000", "2.00000000"]


def test_bars_of_an_unknown_symbol(page: Client) -> None:
    answer = page.get("/symbols/NOPE/bars.json")

    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "Not found", "detail": "NOPE is not traded here. Search by symbol or name."},
    )


@pytest.mark.parametrize("minutes", ["0", "-1", "1.5", "abc", "99999999999", "2881", "", "²"])
def test_bars_with_minutes_that_make_no_sense(page: Client, minutes: str) -> None:
    answer = page.get("/symbols/AAPL/bars.json", {"minutes": minutes})

    assert (answer.status_code, answer.json()) == (
        422,
        {"errors": {"minutes": ["Minutes must be a whole number from 1 to 2880"]}},
    )


@pytest.mark.parametrize("url", ["/symbols/", "/symbols/AAPL/bars.json"])
def test_market_is_for_those_who_signed_in(client: Client, db: None, url: str) -> None:
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", ["/symbols/", "/symbols/AAPL/bars.json"])
def test_market_is_only_read(page: Client, url: str) -> None:
    assert page.post(url).status_code == 405
