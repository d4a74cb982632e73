"""What holdings are worth: one function for each figure, and every screen uses it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from .currency import ONE
from .money import ZERO, cents, usd_of


def value_position(qty: Decimal, cost: Decimal, mark: Decimal, rate: Decimal = ONE) -> tuple[Decimal, Decimal]:
    """Market value and unrealised P&L (USD), of a mark in another currency at its rate."""
    market_value = cents(qty * mark) if rate is ONE else usd_of(qty, mark, rate)
    return market_value, market_value - cost


def day_basis(
    qty: Decimal, previous_close: Decimal | None, traded: Decimal = ZERO, cash_flow: Decimal = ZERO
) -> Decimal | None:
    """What a position must be worth for a day without gain or loss (USD). `traded` is the day's bought less sold
    shares, `cash_flow` what those trades did to cash, commissions included. None without a close that it needs."""
    held_over = qty - traded
    if held_over and previous_close is None:
        return None
    return cents(held_over * (previous_close or ZERO)) - cash_flow


def day_pnl(market_value: Decimal | None, basis: Decimal | None) -> Decimal | None:
    """P&L since the previous close (USD). None when a price it needs is not known."""
    return None if market_value is None or basis is None else market_value - basis


def equity(cash: Decimal, market_values: Iterable[Decimal]) -> Decimal:
    """Cash and what the positions are worth (USD)."""
    return cash + sum(market_values, ZERO)


def weight(part: Decimal, whole: Decimal) -> Decimal | None:
    """The share of `whole` that is `part`, 1 for all of it; None when there is no whole."""
    return part / whole if whole else None
