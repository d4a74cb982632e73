"""Money is Decimal; this module is the only place that rounds it."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, InvalidOperation

CENT = Decimal("0.01")
TINIEST_PRICE = Decimal("0.00000001")
ZERO = Decimal(0)


def decimal_of(value: Decimal | int | str) -> Decimal:
    """The exact Decimal of a number or its text. TypeError for a float, ValueError for no finite number."""
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, bool | float):
        raise TypeError(f"{value!r} is a {type(value).__name__}, money is Decimal")
    else:
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{value!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


def plain(value: Decimal) -> str:
    """Digits without an exponent or trailing zeros: "10", "150.25"."""
    return f"{value.normalize():f}"


def cents(value: Decimal | int | str) -> Decimal:
    """USD rounded to the cent, half to even (IEEE 754-2008 roundTiesToEven)."""
    return decimal_of(value).quantize(CENT, ROUND_HALF_EVEN)


def usd_of(qty: Decimal, price: Decimal, rate: Decimal) -> Decimal:
    """What shares at a price in another currency come to, at so many USD a unit of it; rounded once, to the cent."""
    return cents(qty * price * rate)


def average_price(value: Decimal) -> Decimal:
    """USD a share rounded to the eight places that prices are kept with, half to even."""
    return decimal_of(value).quantize(TINIEST_PRICE, ROUND_HALF_EVEN)


def price_from(value: Decimal) -> Decimal:
    """The lowest price that is not below the value."""
    return value.quantize(TINIEST_PRICE, ROUND_CEILING)


def price_up_to(value: Decimal) -> Decimal:
    """The highest price that is not above the value."""
    return value.quantize(TINIEST_PRICE, ROUND_FLOOR)
