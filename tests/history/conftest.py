"""Alice traded AAPL twice and MSFT once, by orders; bob has an account of his own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account
from apps.trades.models import Fill, Order
from tests.desk.build import fills
from tests.trades.http import sign_in

MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
Trade = Callable[..., list[Fill]]


@pytest.fixture
def market(db: None) -> dict[str, Instrument]:
    MarketState.objects.create(feed="test", is_open=True, session_date=MONDAY.date())
    names = ("AAPL", "MSFT")
    return {row.symbol: row for row in Instrument.objects.bulk_create(Instrument(symbol=name) for name in names)}


@pytest.fixture
def trade(market: dict[str, Instrument]) -> Trade:
    """`trade(account, "buy 10 AAPL @ 9.50 fee 1.00", day=1)`: each clause is an order, filled whole and booked."""

    def make(account: Account, text: str, day: int = 0, stop_loss: str = "", reason: str = "") -> list[Fill]:
        made = []
        for each in fills(text):
            at = MONDAY + timedelta(days=day, seconds=Fill.objects.count())
            order = Order.objects.create(
                account=account,
                instrument=market[each.symbol],
                client_order_id=f"order-{Order.objects.count()}",
                side=each.side,
                order_type="market",
                time_in_force="day",
                quantity=each.last_qty,
                stop_loss=Decimal(stop_loss) if stop_loss and each.side == "buy" else None,
                status="filled",
                cum_qty=each.last_qty,
                avg_px=each.last_px,
                reason=reason,
                created_at=at,
                updated_at=at,
            )
            exec_id = f"{order.pk}:{each.last_qty}"
            made.append(
                Fill.objects.create(
                    order=order,
                    exec_id=exec_id,
                    last_qty=each.last_qty,
                    last_px=each.last_px,
                    commission=each.commission,
                    liquidity="taker",
                    policy="test",
                    bid=each.last_px,
                    ask=each.last_px,
                    quote_age_ms=0,
                    at=at,
                )
            )
            booked = type(each)(
                exec_id, "", each.symbol, each.side, each.last_qty, each.last_px, each.commission, "taker", at
            )
            portfolio.book_fill(account.pk, booked)
        return made

    return make


@pytest.fixture
def account(alice: Any, market: dict[str, Instrument], trade: Trade) -> Account:
    """AAPL +198 (risked 100) on Monday, MSFT −12 on Tuesday, AAPL +30 on Wednesday, and 5 AAPL still held."""
    account = portfolio.open_account(alice, Decimal(10_000))
    trade(account, "buy 100 AAPL @ 10.00 fee 1.00; sell 100 AAPL @ 12.00 fee 1.00", stop_loss="9.00")
    trade(account, "buy 5 MSFT @ 20.00 fee 1.00; sell 5 MSFT @ 18.00 fee 1.00", day=1)
    trade(account, "buy 10 AAPL @ 9.00; sell 10 AAPL @ 12.00; buy 5 AAPL @ 12.00", day=2)
    return account


@pytest.fixture
def bobs(bob: Any, market: dict[str, Instrument], trade: Trade) -> Account:
    """Bob lost 7 on MSFT."""
    account = portfolio.open_account(bob, Decimal(500))
    trade(account, "buy 1 MSFT @ 20.00; sell 1 MSFT @ 13.00", day=1)
    return account


@pytest.fixture
def desk(account: Account, alice: Any) -> Client:
    """Alice's browser."""
    return sign_in(alice)


@pytest.fixture
def euro(account: Account) -> Instrument:
    """SAP is in euros; the pair has no prices yet."""
    Instrument.objects.create(symbol="SAP", name="SAP SE", currency="EUR")
    pair = Instrument.objects.create(symbol="EURUSD", name="Euro", tradable=False)
    board.refresh()
    return pair
