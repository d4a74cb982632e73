"""What an account's performance is measured against: the risk-free rate and the benchmark."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.conf import settings

from apps.desk.money import decimal_of
from apps.desk.performance import benchmark_return
from apps.market.queries import MarketStatus, last_price, symbol_now

HUNDRED = Decimal(100)
AROUND_THE_CLOCK, OF_AN_EXCHANGE = 365, 252
DAY_SECONDS = 86_400


def risk_free(text: str) -> Decimal:
    """A year's rate, 0.05 for "5" per cent. Raises ValueError for what is none."""
    rate = decimal_of(text)
    if not 0 <= rate < HUNDRED:
        raise ValueError(f"{text!r} is no rate; it must be a number of per cent a year, from 0 to below 100")
    return rate / HUNDRED


def sessions_a_year(state: MarketStatus) -> int:
    """365 where a session lasts the whole day, else as many as an exchange has."""
    if state.opens_at is None or state.closes_at is None:
        return OF_AN_EXCHANGE
    whole = (state.closes_at - state.opens_at).total_seconds() >= DAY_SECONDS
    return AROUND_THE_CLOCK if whole else OF_AN_EXCHANGE


def benchmark_symbol() -> str:
    """As the setting says, or as that is called now; "" for none."""
    return symbol_now(str(settings.BENCHMARK))


def benchmark(begin: datetime, end: datetime) -> Decimal | None:
    """What the benchmark's price did between two moments; None where the market has no history of it."""
    symbol = benchmark_symbol()
    return benchmark_return(last_price(symbol, begin), last_price(symbol, end))
