"""What an account's performance is measured against: the risk-free rate and the benchmark."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from math import prod
from typing import NamedTuple

from django.conf import settings

from apps.desk.currency import ONE
from apps.desk.money import decimal_of
from apps.desk.performance import benchmark_return
from apps.market.queries import MarketStatus, last_price, symbol_now

from .models import CorporateAction

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


class Beside(NamedTuple):
    """What a dollar in the benchmark has gained, None where the market has no history of it, and what that counts."""

    gained: Decimal | None
    note: str


def benchmark(begin: datetime, end: datetime) -> Beside:
    """Between two moments: with its dividends where any are entered on the desk, all of which have a price to be put
    back at."""
    symbol = benchmark_symbol()
    first, last, paid = last_price(symbol, begin), last_price(symbol, end), dividends_of(symbol, begin, end)
    gained = benchmark_return(first, last, paid, split_of(symbol, begin, end))
    if gained is None:
        return Beside(None, f"No history of {symbol}")
    if not paid:
        return Beside(gained, f"{symbol}, price return: dividends not counted")
    return Beside(gained, f"{symbol}, total return: {len(paid)} dividend{'s' if len(paid) > 1 else ''} entered here")


def dividends_of(symbol: str, begin: datetime, end: datetime) -> list[tuple[Decimal, Decimal]]:
    """Those that went ex between two moments, whether or not anybody held it, each with the price before; none where
    one of them cannot be put back."""
    entered = CorporateAction.objects.filter(instrument__symbol=symbol, kind=CorporateAction.Kind.DIVIDEND)
    found = []
    for each in entered.filter(ex_date__gt=begin.date(), ex_date__lte=end.date()).select_related("instrument"):
        before = last_price(symbol, datetime.combine(each.ex_date, time(), UTC))
        if before is None or each.amount is None or each.amount >= before or each.currency != each.instrument.currency:
            return []
        found.append((each.amount, before))
    return found


def split_of(symbol: str, begin: datetime, end: datetime) -> Decimal:
    """How many shares one at the beginning is at the end."""
    splits = CorporateAction.objects.filter(instrument__symbol=symbol, kind=CorporateAction.Kind.SPLIT)
    ratios = splits.filter(applied_at__gt=begin, applied_at__lte=end).values_list("new", "old")
    return prod((Decimal(new) / Decimal(old) for new, old in ratios if new and old), start=ONE)
