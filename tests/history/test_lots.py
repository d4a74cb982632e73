"""Open lots as a file: what is known of now is in it, and what is not is empty."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.market.quotes import board
from apps.portfolio.models import Account
from tests.desk.build import quote

from .conftest import Trade
from .exported import csv_rows


def test_lots_hold_what_they_are_worth_where_that_is_known(account: Account, alice: Any, trade: Trade) -> None:
    trade(account, "buy 10 AAPL @ 9.00; buy 5 MSFT @ 20.00; sell 4 AAPL @ 9.50", day=5)
    board.catch_up()
    board.put(quote("AAPL 9.99/10.01 last 10.00", datetime.now(UTC)))

    lots = csv_rows(alice, "tab=lots")

    assert [(lot["symbol"], lot["quantity"], lot["market_value"], lot["unrealized_pnl"]) for lot in lots] == [
        ("AAPL", "1", "10.00", "-2.00"),
        ("AAPL", "10", "100.00", "10.00"),
        ("MSFT", "5", "", ""),
    ]
