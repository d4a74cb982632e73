"""What accounts in USD alone pay for currencies: no query, on a desk without any and on one that trades them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.desk.quote import Quote
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.portfolio.queries import load_holdings
from apps.trades import filling
from apps.trades.models import Order

from .http import FIELDS, JSON

BEFORE = {"holdings": 6, "place": 15, "fill": 31}
"""Queries with transactions. Before there was a currency but USD holdings took as many, an order 25, and a fill as
many but the one that keeps since when what is held back."""
PAGES = (
    "/",
    "/portfolio/",
    "/portfolio/receipts/unrealized-pnl/?symbol=AAPL",
    "/portfolio/performance/",
    "/history/?tab=lots",
    "/symbols/AAPL/",
    "/orders/ticket/?symbol=AAPL&side=buy&order_type=limit&limit_price=149.50&quantity=1",
)


@pytest.fixture
def count(held: Order, account: Account, desk: Client, quote: Callable[..., Quote], now: datetime) -> Any:
    """`count("fill")` does one thing of an account that holds AAPL, or reads a page, and says how many queries it
    took."""

    def act(what: str, number: int) -> None:
        if what == "holdings":
            load_holdings(account.pk, lots=True)
        elif what == "place":
            desk.post("/orders/", {**FIELDS, "client_order_id": f"order-{number}"}, headers=JSON)
        elif what == "fill":
            filling.match_symbol("AAPL", quote("149.40", "149.50", received_at=now), None, now)
        else:
            assert desk.get(what).status_code == 200

    def counted(what: str, number: int = 0) -> int:
        if what == "fill":
            act("place", number)
        else:
            act(what, number + 1)  # what is asked once a process
        with CaptureQueriesContext(connection) as asked:
            act(what, number + 2)
        return len(asked)

    return counted


@pytest.mark.parametrize("what", BEFORE)
def test_what_an_account_does_costs_no_more_than_before(count: Any, what: str) -> None:
    assert count(what) == BEFORE[what]


@pytest.mark.parametrize("what", [*BEFORE, *PAGES])
def test_a_desk_that_trades_currencies_costs_an_account_in_usd_nothing(
    count: Any, request: pytest.FixtureRequest, what: str
) -> None:
    alone = count(what)
    request.getfixturevalue("euro")

    assert count(what, 10) == alone


def test_an_account_that_holds_one_pays_one_for_its_close(
    count: Any, euro: None, placed: Any, meet_sap: Callable[..., None]
) -> None:
    """So that the tests above would see it."""
    placed("buy 1 SAP")
    meet_sap()

    assert count("holdings") == BEFORE["holdings"] + 1
    assert "EURUSD" in board.quotes
