"""What an order on margin asks the database: all that the account holds once, in the order's own transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.portfolio.models import Account
from apps.trades.models import Order
from apps.trades.review import review
from apps.trades.ticket import Ticket

from .http import FIELDS, JSON
from .test_limits_http import limit

TICKETS = {
    "opens": "buy 10 AAPL limit 149.50",
    "opens another": "sell 10 MSFT limit 200.00",
    "closes": "sell 10 AAPL limit 151.00",
}
PLACED = {"buy": 20, "sell": 22}
"""Queries of an order over HTTP. What opens has one more than what closes needs for it: what is held back is kept."""


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("which", TICKETS)
def test_positions_are_read_once_for_every_rule(
    trade: Callable[..., Order],
    margin: Account,
    ticket: Callable[..., Ticket],
    now: datetime,
    which: str,
    limited: bool,
) -> None:
    """Which way it goes, what is free, what is held and all limits on worth rest on one reading."""
    trade("buy 100 AAPL")
    margin.refresh_from_db()
    if limited:
        limit(position_usd=Decimal(100_000), exposure_pct=Decimal(200), day_loss=Decimal(1000))

    with CaptureQueriesContext(connection) as asked:
        review(margin, ticket(TICKETS[which]), now)

    reads = [each["sql"] for each in asked if 'FROM "portfolio_position"' in each["sql"]]
    assert len(reads) == 1, reads


@pytest.mark.parametrize(("side", "price"), [("buy", "149.50"), ("sell", "151.00")])
def test_an_order_on_margin_costs_few_statements(
    trade: Callable[..., Order], desk: Client, side: str, price: str
) -> None:
    trade("buy 100 AAPL")

    def place(number: int) -> Any:
        sent = {**FIELDS, "side": side, "limit_price": price, "client_order_id": f"order-{number}"}
        return desk.post("/orders/", sent, headers=JSON)

    place(1)  # what is asked once a process
    with CaptureQueriesContext(connection) as asked:
        assert place(2).status_code == 201
    assert len(asked) == PLACED[side]
