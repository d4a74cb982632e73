"""An account that has lived for a year: sessions with gains and losses, flows between them, trades closed in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.market.models import Bar, Instrument, MarketState
from apps.portfolio import services
from apps.portfolio.measure_receipts import MeasureReceipt, measure_receipt_of
from apps.portfolio.models import Account, SessionEquity

from .conftest import TODAY

RISES = (0, 6, -3, -5, 3, 11, -3, -5, 7, 6, -4, -5, -6, -5, 2, 6, 5, -3, 7, 7)
"""What AAPL gains each session, in ten cents."""
DAYS = (*range(32), 370)
FLOWS = {0: "1000", 4: "500", 11: "-700"}
TRADES = {
    1: "buy 10 MSFT @ 20.00 fee 1.00",
    3: "sell 10 MSFT @ 23.50 fee 1.00",
    6: "buy 4 MSFT @ 22.00 fee 1.00; sell 4 MSFT @ 21.00 fee 1.00",
    9: "buy 8 MSFT @ 20.00",
    15: "sell 8 MSFT @ 21.25 fee 0.50",
    21: "buy 5 MSFT @ 20.10 fee 0.10; sell 5 MSFT @ 20.14 fee 0.10",
    25: "buy 5 MSFT @ 20.10 fee 0.10; sell 5 MSFT @ 18.14 fee 0.10",
}


def noon(day: int) -> datetime:
    return datetime.combine(TODAY + timedelta(days=day), time(12), tzinfo=UTC)


@pytest.fixture
def clock(market: dict[str, Instrument]) -> Iterator[Any]:
    with time_machine.travel(noon(0), tick=False) as travelling:
        yield travelling


@pytest.fixture
def live(clock: Any, book: Callable[..., None], quotes: Callable[..., None]) -> Callable[..., None]:
    """`live(account, 3)` is the session of the third day: a price, flows, fills, its close and the night after it."""

    def one(account: Account, day: int) -> None:
        clock.move_to(noon(day))
        MarketState.objects.update(session_date=TODAY + timedelta(days=day))
        price = 10 + Decimal(sum(RISES[: day % len(RISES) + 1])) / 10
        if amount := Decimal(FLOWS.get(day, 0)):
            (services.deposit if amount > 0 else services.withdraw)(account, abs(amount), f"flow-{day}", "A flow")
        if day in TRADES:
            book(account, TRADES[day], at=noon(day))
        quotes(f"AAPL {price}/{price}", "MSFT 20/20")
        services.keep_session_equity(noon(day) + timedelta(hours=9))

    return one


@pytest.fixture
def lived(alice: Any, clock: Any, live: Callable[..., None], book: Callable[..., None]) -> Account:
    """500 AAPL are held all along; the session of day 371 runs."""
    account = services.open_account(alice, Decimal(10_000))
    book(account, "buy 500 AAPL @ 9.50 fee 2.00", at=noon(0))
    spy = Instrument.objects.create(symbol="SPY", name="SPDR")
    for day, price in ((-1, "500"), (5, "512.50"), (371, "530")):
        path = dict.fromkeys(("open", "high", "low", "close"), Decimal(price))
        Bar.objects.create(instrument=spy, start=noon(day) - timedelta(minutes=1), volume=1, **path)
    for day in DAYS:
        live(account, day)
    clock.move_to(noon(371))
    MarketState.objects.update(session_date=TODAY + timedelta(days=371))
    account.refresh_from_db()
    return account


@pytest.fixture(autouse=True)
def rate(settings: Any) -> None:
    settings.RISK_FREE = "4.25"
    settings.QUOTE_STALE_MS = 10**9


def close_of(account: Account, day: int) -> SessionEquity:
    return SessionEquity.objects.get(account=account, session_date=TODAY + timedelta(days=day))


def receipt(key: str, account: Account, day: int | None = None, span: str = "all") -> MeasureReceipt:
    """Now, or as of the close of a day."""
    upto = None if day is None else close_of(account, day)
    return measure_receipt_of(key, account, span, timezone.now(), upto)
