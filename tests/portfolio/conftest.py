"""Accounts of alice (10,000 USD) and bob (500 USD), an open market, and quotes put on the board by words. SAP is in
euros."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from apps.market.models import Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services
from apps.portfolio.models import Account
from tests.desk.build import fills, quote

TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def quotes() -> Iterator[Callable[..., None]]:
    """`quotes("AAPL 9.99/10.01", "MSFT 20/21")` are what the board shows as of now."""
    board.clear()

    def put(*texts: str, at: datetime | None = None) -> None:
        board.catch_up()
        for text in texts:
            board.put(quote(text, at or datetime.now(UTC)))

    yield put
    board.clear()


@pytest.fixture
def market(db: None) -> dict[str, Instrument]:
    """AAPL closed at 9.00, MSFT at 20.00, TSLA was never quoted; today's session is open."""
    closes = {"AAPL": Decimal(9), "MSFT": Decimal(20), "TSLA": None}
    rows = [
        Instrument(symbol=symbol, name=f"{symbol} Inc.", previous_close=close, session_date=TODAY)
        for symbol, close in closes.items()
    ]
    MarketState.objects.create(pk=1, feed="test", is_open=True, session_date=TODAY)
    return {row.symbol: row for row in Instrument.objects.bulk_create(rows)}


@pytest.fixture
def alice_account(alice: Any, market: dict[str, Instrument]) -> Account:
    return services.open_account(alice, Decimal(10_000))


@pytest.fixture
def bob_account(bob: Any, market: dict[str, Instrument]) -> Account:
    return services.open_account(bob, Decimal(500))


@pytest.fixture
def book() -> Callable[..., None]:
    """`book(account, "buy 10 AAPL @ 9.50 fee 1.00; sell 4 AAPL @ 10.00")` books fills as the broker does."""
    numbers = count(1)

    def fill_all(account: Account, text: str, at: datetime | None = None) -> None:
        for each in fills(text):
            exec_id = f"exec-{next(numbers)}"
            services.book_fill(account.pk, replace(each, exec_id=exec_id, at=at or each.at))

    return fill_all


@pytest.fixture
def euros(market: dict[str, Instrument]) -> Callable[..., None]:
    """`euros(account, "buy 10 SAP @ 200.00", "1.10")` books fills of a share in euros, at a rate. It closed at 190.00,
    and a euro at 1.05 USD."""
    closed = {"session_date": TODAY, "currency": "EUR"}
    Instrument.objects.get_or_create(
        symbol="SAP", defaults={"name": "SAP SE", "previous_close": Decimal(190), **closed}
    )
    pair = {"name": "Euro", "tradable": False, "previous_close": Decimal("1.05"), "session_date": TODAY}
    Instrument.objects.get_or_create(symbol="EURUSD", defaults=pair)
    numbers = count(1)

    def fill_all(account: Account, text: str, rate: str) -> None:
        for each in fills(text):
            terms = {"exec_id": f"euro-{next(numbers)}", "currency": "EUR", "rate": Decimal(rate)}
            services.book_fill(account.pk, replace(each, **terms))

    return fill_all
