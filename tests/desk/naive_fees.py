"""What the naive desk's broker takes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from .naive_order import rounded

Fee = Callable[[Fraction, Fraction], Fraction]


def per_share(amount: Fraction, least: int) -> Fee:
    return lambda qty, price: at_most_its_value(max(amount * qty, Fraction(least)), qty * price)


def of_value(share: Fraction) -> Fee:
    return lambda qty, price: at_most_its_value(share * qty * price, qty * price)


def at_most_its_value(fee: Fraction, value: Fraction) -> Fraction:
    return rounded(min(fee, value), 2)


FEES: dict[str, Fee] = {
    "none": per_share(Fraction(0), 0),
    "per-share 0.005 min 1.00": per_share(Fraction(5, 1000), 1),
    "bps 5 min 0": of_value(Fraction(5, 10_000)),
}
