"""What an account on margin must have of its own, and what it may still open.

Sources: Regulation T, 12 CFR 220.12 (initial: half of the market value, of long and of short positions, a short
sale's proceeds apart); FINRA Rule 4210(c) (maintenance). Fees for borrowed shares go by the convention of stock
loans: value × yearly rate / 360 for each calendar day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from .money import CENT, ZERO, cents

INITIAL = Decimal("0.50")
LONG_MAINTENANCE = Decimal("0.25")
SHORT_MAINTENANCE = Decimal("0.30")
SHORT_A_SHARE = Decimal(5)
LOW_PRICED, LOW_A_SHARE = Decimal(5), Decimal("2.50")
DAYS_OF_A_YEAR = 360


@dataclass(frozen=True, slots=True)
class Margin:
    """USD. `excess` is equity beyond the initial margin and what working orders hold back, below zero when short of
    it; `buying_power` what may be opened with it; under the `maintenance` margin positions are closed by force."""

    equity: Decimal
    initial: Decimal
    maintenance: Decimal
    reserved: Decimal

    @property
    def excess(self) -> Decimal:
        return self.equity - self.initial - self.reserved

    @property
    def buying_power(self) -> Decimal:
        return (max(self.excess, ZERO) / INITIAL).quantize(CENT, ROUND_FLOOR)

    @property
    def is_called(self) -> bool:
        return self.equity < self.maintenance


def margin_of(equity: Decimal, reserved: Decimal, held: Iterable[tuple[Decimal, Decimal]]) -> Margin:
    """Of an account with these positions: shares, below zero when short, and market value (USD)."""
    initial = maintenance = ZERO
    for qty, value in held:
        initial += initial_margin(value)
        maintenance += maintenance_margin(qty, value)
    return Margin(equity, initial, maintenance, reserved)


def initial_margin(value: Decimal) -> Decimal:
    return cents(abs(value) * INITIAL)


def maintenance_margin(qty: Decimal, value: Decimal) -> Decimal:
    """Long a quarter. Short 30 % and at least 5 USD a share; of a share under 5 USD all, and at least 2.50 USD."""
    if qty >= 0:
        return cents(value * LONG_MAINTENANCE)
    shares, owed = -qty, abs(value)
    if owed < shares * LOW_PRICED:
        return max(owed, cents(shares * LOW_A_SHARE))
    return max(cents(owed * SHORT_MAINTENANCE), cents(shares * SHORT_A_SHARE))


def interest(cash: Decimal, yearly_pct: Decimal, since: date, until: date) -> Decimal:
    """What borrowed cash costs from one day to another (USD): simple, actual days over 360; 0 where none is."""
    days = max((until - since).days, 0)
    return cents(-min(cash, ZERO) * yearly_pct / 100 * days / DAYS_OF_A_YEAR)


def borrow_fee(value: Decimal, yearly_pct: Decimal, since: date, until: date) -> Decimal:
    """What shares cost that were borrowed to be sold, worth `value` (USD), from one day to another: as interest is."""
    return interest(-value, yearly_pct, since, until)
