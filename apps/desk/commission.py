"""What the broker takes for an execution."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .money import ZERO, cents, decimal_of

FORMS = "'none', 'per-share 0.005 min 1.00' or 'bps 5 min 0'"
BASIS_POINT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Commission:
    """`per_share` USD a share plus `of_notional` of what was traded; at least `minimum` USD, at most what was
    traded, so that a sell of little never costs more than it brings."""

    per_share: Decimal = ZERO
    of_notional: Decimal = ZERO
    minimum: Decimal = ZERO

    def of(self, qty: Decimal, price: Decimal) -> Decimal:
        """The commission of one execution, to the cent."""
        notional = qty * price
        return cents(min(max(self.per_share * qty + self.of_notional * notional, self.minimum), notional))


def parse_commission(text: str) -> Commission:
    """The commission a setting describes. Raises ValueError that says what would be right."""
    words = text.split()
    if words == ["none"]:
        return Commission()
    try:
        model, rate_text, word, minimum_text = words
        rate, minimum = decimal_of(rate_text), decimal_of(minimum_text)
    except ValueError:
        raise ValueError(f"commission is {text!r}; it must look like {FORMS}") from None
    if word != "min" or rate < 0 or minimum < 0:
        raise ValueError(f"commission is {text!r}; it must look like {FORMS}")
    if model == "per-share":
        return Commission(per_share=rate, minimum=minimum)
    if model == "bps":
        return Commission(of_notional=rate * BASIS_POINT, minimum=minimum)
    raise ValueError(f"commission is {text!r}; it must look like {FORMS}")
