"""R-RISK: limits on what an account is worth: measured from its best, and read only where they are set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.fill import Fill
from apps.desk.order import Side
from apps.desk.quote import Quote
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account
from apps.trades.models import Order

from .http import HTMX
from .test_limits_http import MARKET, Place, limit, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def priced(settings: Any) -> None:
    settings.COMMISSION = "per-share 0.005 min 1.00"


def test_fall_is_measured_from_the_best_that_was_kept_and_deposits_are_no_gain(
    desk: Client, account: Account, held: Order, quote: Callable[..., Quote], now: datetime
) -> None:
    """100 AAPL bought at 150.01 for 1.00: best at 250.01, then at 200.01."""
    limit(drawdown_pct=Decimal(5))
    board.put(quote("249.99", "250.01", received_at=now + timedelta(milliseconds=1)))
    sum(portfolio.take_equity_points(now))
    at_best = send(desk, **MARKET)
    portfolio.deposit(account, Decimal(1_000_000), "gift", "A gift")
    board.put(quote("199.99", "200.01", received_at=now + timedelta(milliseconds=2)))
    sum(portfolio.take_equity_points(now + timedelta(minutes=1)))
    rich = send(desk, **MARKET)
    limit(drawdown_pct=Decimal("0.4"))

    answer = send(desk, **MARKET)

    assert (at_best.status_code, rich.status_code) == (201, 201)
    assert answer.json() == {
        "errors": {"account": ["You are 5,000.00 USD below your best; your limit is 0.4 %, 4,440.00"]},
        "rule": "drawdown",
        "needed": "5000",
        "available": "4440",
    }


BEFORE = 5  # what an estimate takes without limits
EVERYTHING = {
    "position_qty": 10_000,
    "position_usd": 10**6,
    "position_pct": 100,
    "orders_per_minute": 100,
    "exposure_usd": 10**6,
    "exposure_pct": 100,
    "day_loss": 10**6,
    "drawdown_pct": 50,
    "price_band_pct": 50,
}


@pytest.mark.parametrize("orders", [1, 3])
@pytest.mark.parametrize(
    ("limits", "more"), [({}, 0), ({"price_band_pct": 50}, 0), ({"orders_per_minute": 9}, 1), (EVERYTHING, 8)]
)
def test_limits_take_a_constant_number_of_queries(
    desk: Client,
    account: Account,
    held: Order,
    placed: Place,
    django_assert_num_queries: Any,
    orders: int,
    limits: dict[str, Any],
    more: int,
) -> None:
    for number in range(orders):
        portfolio.book_fill(
            account.pk,
            Fill(f"x{number}", "o", "MSFT", Side.BUY, Decimal(1), Decimal(1), Decimal(0), "taker", held.created_at),
        )
        placed(f"buy {number + 1} AAPL limit 149.00")
    board.put(Quote("MSFT", *[Decimal(400)] * 5, held.created_at, held.created_at))
    limit(account, **limits)
    ticket = {"symbol": "AAPL", "side": "buy", "quantity": "5", "order_type": "market"}

    with django_assert_num_queries(BEFORE + 2 + more):
        desk.get("/orders/ticket/", ticket, headers=HTMX)
