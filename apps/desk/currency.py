"""Currencies other than the account's: what a unit of one is worth in USD, and what of a gain that made."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from decimal import Decimal

from .money import average_price, cents
from .quote import EPOCH, Quote

BASE = "USD"
"""What accounts are in."""
ONE = Decimal(1)
"""The rate of the base."""
CURRENCY = re.compile(r"[A-Z]{3}")


def currency_of(text: str) -> str:
    """The code as ISO 4217 spells it. Raises ValueError for what cannot be one."""
    if not CURRENCY.fullmatch(text):
        raise ValueError(f"{text[:10]!r} is not a currency: three capital letters, as ISO 4217 has them")
    return text


def pairs_of(currency: str) -> tuple[str, str]:
    """The symbols that can convert it: EURUSD, whose price is USD a unit, and USDJPY, units a USD."""
    return currency + BASE, BASE + currency


def pair_of(currency: str, listed: Container[str]) -> str:
    """The one that does: USD a unit wherever that is listed, for its price is the rate and nothing is divided; the
    inverse where it alone is. Never both by turns: each step from one to the other would move what is held. USD needs
    none."""
    if currency == BASE:
        return ""
    direct, inverse = pairs_of(currency)
    return inverse if inverse in listed and direct not in listed else direct


def is_inverse(pair: str) -> bool:
    """Whether its price is units a USD, and the rate one divided by it."""
    return pair.startswith(BASE)


def rate_at(pair: str, price: Decimal) -> Decimal | None:
    """USD a unit at a price of the pair, rounded once to eight places, half to even. None where that comes to nothing,
    which no rate is."""
    return average_price(ONE / price if is_inverse(pair) else price) or None


def rate_of(pair: Quote) -> Decimal | None:
    """USD a unit, at the pair's mark: the desk takes no spread of its own."""
    return rate_at(pair.symbol, pair.mark)


def as_old_as(quote: Quote, pair: Quote | None) -> Quote:
    """The quote, no younger than the rate that its worth rests on: without one as old as can be."""
    since = EPOCH if pair is None else pair.received_at
    return quote if quote.received_at <= since else replace(quote, received_at=since)


@dataclass(frozen=True, slots=True)
class Rate:
    """What a unit of a currency is worth by the newest quote of the `pair` that converts it, if there is one; a dollar
    is a dollar."""

    currency: str = BASE
    pair: Quote | None = None

    @property
    def is_base(self) -> bool:
        return self.currency == BASE

    @property
    def usd(self) -> Decimal | None:
        """None while it is not known."""
        if self.is_base:
            return ONE
        return None if self.pair is None else rate_of(self.pair)

    def dated(self, quote: Quote) -> Quote:
        """A quote in this currency, no younger than the rate."""
        return quote if self.is_base else as_old_as(quote, self.pair if self.usd else None)


IN_USD = Rate()


def parts_of_gain(gain: Decimal, local: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """What of a gain (USD) the price made, which is the gain in its own currency at the rate it was made at, and
    what the currency."""
    by_price = cents(local * rate)
    return by_price, gain - by_price
