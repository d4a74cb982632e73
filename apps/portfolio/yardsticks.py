"""What an account's performance is measured against: the risk-free rate and the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import prod
from typing import NamedTuple

from django.conf import settings

from apps.desk.currency import ONE
from apps.desk.money import decimal_of
from apps.desk.performance import benchmark_return
from apps.market.queries import MarketStatus, PastPrice, last_price, symbol_now

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


class Measure(NamedTuple):
    risk_free: Decimal
    sessions_a_year: int


def measured_by(state: MarketStatus) -> Measure:
    """The settings and the hours of now."""
    return Measure(risk_free(settings.RISK_FREE), sessions_a_year(state))


def benchmark_symbol() -> str:
    """As the setting says, or as that is called now; "" for none."""
    return symbol_now(str(settings.BENCHMARK))


class Paid(NamedTuple):
    """A dividend of one share, the price before its ex-date, and that day."""

    dividend: Decimal
    before: PastPrice
    ex_date: date


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A symbol between two moments: its prices where the market has them, its dividends that are entered, and how many
    shares one became."""

    symbol: str
    first: PastPrice | None
    last: PastPrice | None
    paid: tuple[Paid, ...]
    split: Decimal

    @property
    def gained(self) -> Decimal | None:
        if self.first is None or self.last is None:
            return None
        paid = [(each.dividend, each.before.price) for each in self.paid]
        return benchmark_return(self.first.price, self.last.price, paid, self.split)

    @property
    def note(self) -> str:
        """What is measured, and what it counts."""
        if self.gained is None:
            return f"No history of {self.symbol}"
        if not self.paid:
            return f"{self.symbol}, price return: dividends not counted"
        many = "s" if len(self.paid) > 1 else ""
        return f"{self.symbol}, total return: {len(self.paid)} dividend{many} entered here"


def benchmark(begin: datetime, end: datetime) -> Benchmark:
    """Between two moments: with its dividends where any are entered on the desk, all of which have a price to be put
    back at."""
    symbol = benchmark_symbol()
    return Benchmark(
        symbol=symbol,
        first=last_price(symbol, begin),
        last=last_price(symbol, end),
        paid=dividends_of(symbol, begin, end),
        split=split_of(symbol, begin, end),
    )


def dividends_of(symbol: str, begin: datetime, end: datetime) -> tuple[Paid, ...]:
    """Those that went ex between two moments, whether or not anybody held it; none where one of them cannot be put
    back."""
    entered = CorporateAction.objects.filter(instrument__symbol=symbol, kind=CorporateAction.Kind.DIVIDEND)
    entered = entered.filter(ex_date__gt=begin.date(), ex_date__lte=end.date())
    found = []
    for each in entered.select_related("instrument"):
        before = last_price(symbol, datetime.combine(each.ex_date, time(), UTC))
        if before is None or each.amount is None or each.currency != each.instrument.currency:
            return ()
        if each.amount >= before.price:
            return ()
        found.append(Paid(each.amount, before, each.ex_date))
    return tuple(found)


def split_of(symbol: str, begin: datetime, end: datetime) -> Decimal:
    """How many shares one at the beginning is at the end."""
    splits = CorporateAction.objects.filter(instrument__symbol=symbol, kind=CorporateAction.Kind.SPLIT)
    ratios = splits.filter(applied_at__gt=begin, applied_at__lte=end).values_list("new", "old")
    return prod((Decimal(new) / Decimal(old) for new, old in ratios if new and old), start=ONE)
