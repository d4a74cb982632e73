"""Alice has an account of 100,000 USD, and AAPL is quoted at 149.99 × 150.01, last at 150.01."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.market.models import Instrument
from apps.portfolio.models import Account
from apps.traderalerts import services
from apps.traderalerts.models import Kind, TraderAlert
from apps.traderalerts.terms import Terms
from tests.alerts.conftest import receiver
from tests.trades.conftest import (
    account,
    desk,
    held,
    instruments,
    market,
    now,
    placed,
    quote,
    ticket,
)

__all__ = ["account", "desk", "held", "instruments", "market", "now", "placed", "quote", "receiver", "ticket"]
MakeAlert = Callable[..., TraderAlert]


def made(user: Any, at: datetime, kind: str, level: str | None, symbol: str, **more: Any) -> TraderAlert:
    instrument = Instrument.objects.get(symbol=symbol) if symbol else None
    terms = Terms(Kind(kind), instrument, Decimal(level) if level else None, **more)
    alert = services.make_alert(user, terms, at)
    assert isinstance(alert, TraderAlert), alert
    return alert


@pytest.fixture
def make(account: Account, alice: Any, now: datetime) -> MakeAlert:
    """make("price_above", "151") has alice wait for it."""

    def make_one(kind: str, level: str | None = None, symbol: str = "AAPL", **more: Any) -> TraderAlert:
        return made(alice, more.pop("at", now), kind, level, symbol, **more)

    return make_one
