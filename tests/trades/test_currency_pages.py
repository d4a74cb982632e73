"""Every page says the currency beside a price that is not in USD, and history keeps the rate."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.history.asked import Asked
from apps.history.exports import EXPORTS
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.trades import filling
from apps.trades.models import Order

from .http import JSON
from .test_limits_http import estimate

D = Decimal


@pytest.fixture
def traded(
    account: Account, placed: Callable[..., Order], quote: Callable[..., Any], now: datetime, settings: Any
) -> Account:
    """Bought 10 SAP at 200.01 EUR and 1.10, sold 4 at 209.99 EUR and 1.20, and an order works."""
    settings.COMMISSION = "none"
    closed = {"session_date": now.date()}
    Instrument.objects.create(symbol="SAP", name="SAP SE", currency="EUR", previous_close=190, **closed)
    Instrument.objects.create(symbol="EURUSD", name="Euro", tradable=False, previous_close=D("1.05"), **closed)
    board.refresh()
    steps = [("buy 10 SAP", "1.10", "199.99"), ("sell 4 SAP", "1.20", "209.99")]
    for number, (words, rate, bid) in enumerate(steps):
        at = now + timedelta(microseconds=number)
        board.put(quote(rate, rate, symbol="EURUSD", received_at=at))
        share = quote(bid, str(D(bid) + D("0.02")), symbol="SAP", last=D(bid), received_at=at)
        board.put(share)
        placed(words)
        filling.match_symbol("SAP", share, None, now)
    placed("buy 1 SAP limit 180.00 ", "gtc")
    return account


def text_of(desk: Client, path: str, **query: str) -> str:
    """The page's words, one space between them."""
    answer = desk.get(path, query)
    assert answer.status_code == 200, path
    bare = re.sub(r"<[^>]*>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", html.unescape(bare))


PAGES = {
    "/": ["209.99 EUR", "180.00 EUR", "200.01 EUR"],
    "/symbols/SAP/": [
        "Bid 209.99 EUR",
        "Ask 210.01 EUR",
        "200.01 EUR",
        "EUR in USD 1.20",
        "Limit price, EUR",
        "SAP SE EUR",
    ],
    "/portfolio/": ["200.01 EUR", "209.99 EUR"],
    "/portfolio/ledger/": ["Buy 10 SAP at 200.01 EUR, 1.1 USD each", "Sell 4 SAP at 209.99 EUR, 1.2 USD each"],
    "/orders/": ["180.00 EUR"],
    "/history/?tab=fills": ["200.01 EUR at 1.10 USD", "209.99 EUR at 1.20 USD"],
    "/history/?tab=lots": ["200.01 EUR 1,320.07 209.99 EUR 1,511.93"],
    "/portfolio/receipts/market-value/": ["6 × 209.99 EUR × 1.2", "SAP 209.99 EUR", "EURUSD 1.20"],
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_the_currency(traded: Account, desk: Client, path: str) -> None:
    shown = text_of(desk, path)

    assert [words for words in PAGES[path] if words not in shown] == []


def test_order_page_says_at_which_rate_it_was_filled(traded: Account, desk: Client) -> None:
    order = Order.objects.get(side="sell")

    shown = text_of(desk, f"/orders/{order.pk}/")
    facts = desk.get(f"/orders/{order.pk}/", headers=JSON).json()

    assert "209.99 EUR at 1.20 USD" in shown
    assert (facts["currency"], facts["fills"][0]["rate"]) == ("EUR", "1.2")


def test_receipts_tell_the_price_from_the_currency(traded: Account, desk: Client) -> None:
    """4 × (209.99 − 200.01) × 1.20 are 47.90; 4 × 200.01 × 0.10 are 80.00, to the cent of each part."""
    realized = text_of(desk, "/portfolio/receipts/realized-pnl/", symbol="SAP")
    unrealized = text_of(desk, "/portfolio/receipts/unrealized-pnl/", symbol="SAP")

    assert "price +47.90, currency +80.01 +127.91" in realized
    assert "6 × 209.99 EUR × 1.2 − cost 1,320.07: price +71.86, currency +120.00 +191.86" in unrealized


@pytest.mark.parametrize("tab, rates", [("fills", ["1.1", "1.2"]), ("lots", ["1.1"]), ("orders", None)])
def test_files_have_currency_and_rate(traded: Account, tab: str, rates: list[str] | None) -> None:
    rows = rows_of(traded, tab)

    assert {row["currency"] for row in rows} == {"EUR"}
    assert rates is None or [row["rate"] for row in rows] == rates


def test_the_file_of_the_ledger_has_the_amount_in_its_currency(traded: Account) -> None:
    rows = [row for row in rows_of(traded, "ledger") if row["book"] == "cash"]

    told = [(row["currency"], row["rate"], row["local_amount"], row["amount"]) for row in rows]
    assert told == [
        ("USD", None, None, "100000.00"),
        ("EUR", "1.1", "-2000.10", "-2200.11"),
        ("EUR", "1.2", "839.96", "1007.95"),
    ]


def test_rows_in_usd_have_no_rate(held: Order, account: Account) -> None:
    assert [(row["currency"], row["rate"]) for row in rows_of(account, "fills")] == [("USD", None)]


def rows_of(account: Account, tab: str) -> list[dict[str, Any]]:
    """As the file has them: what a column does not name is not in it."""
    export = EXPORTS[tab]
    return [{name: row[name] for name in export.columns} for row in export.rows(account.pk, Asked())]


def test_the_ticket_says_what_prices_are_in(traded: Account, desk: Client) -> None:
    shown = estimate(desk, symbol="SAP", limit_price="200.00")

    assert 'data-currency="EUR"' in shown
    assert "Prices are in EUR, of which one is 1.20 USD now" in shown
    assert "2,400.00 USD" in shown
    assert "data-currency" not in estimate(desk)
