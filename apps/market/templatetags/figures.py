"""How figures are written: thousands commas, U+2212 for minus, an em dash for what is not known."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django import template
from django.utils import timezone

from apps.desk.currency import BASE
from apps.desk.money import CENT, decimal_of
from apps.desk.performance_words import rounded

register = template.Library()

MINUS = "\u2212"
UNKNOWN = "\u2014"
NOUGHT = "0.00"
SHARED_PRICES = 1024  # many traders hold the same symbols, and see the same prices
AGES = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def known(value: Decimal | str | None) -> Decimal | None:
    """The figure as a Decimal; the facts of an event hold it as text. Raises ValueError for what is no number."""
    return decimal_of(value) if isinstance(value, str) else value


def written(value: Decimal) -> str:
    """All its digits; nought has no sign."""
    text = f"{value:,f}"
    return MINUS + text[1:] if value < 0 else text.removeprefix("-")


def finite(value: Decimal | str) -> Decimal:
    """The figure as a Decimal. Raises as `decimal_of` does."""
    return value if type(value) is Decimal and value.is_finite() else decimal_of(value)


def to_cents(value: Decimal | str, plus: str = "") -> str:
    """Two decimals, rounded half to even as `cents` does; nought has no sign. Raises as `decimal_of` does."""
    text = str(value) if type(value) is Decimal else ""  # most are in cents: half the price of formatting them
    if text[-3:-2] != ".":
        text = f"{finite(value):.2f}"
    sign = plus
    if text[0] == "-":
        sign, text = MINUS, text[1:]
    if len(text) > len("999.99"):
        text = f"{text[:-6]},{text[-6:]}" if len(text) <= len("999999.99") else f"{Decimal(text):,.2f}"
    elif text == NOUGHT:
        return NOUGHT
    return sign + text


@register.filter
def usd(value: Decimal | str | None) -> str:
    """1234.5 → 1,234.50"""
    return UNKNOWN if value is None else to_cents(value)


@register.filter
def signed_usd(value: Decimal | None) -> str:
    """1234.5 → +1,234.50; nothing gained, nothing lost → 0.00"""
    return UNKNOWN if value is None else to_cents(value, "+")


@register.filter
def pct(ratio: Decimal | None) -> str:
    """A ratio in per cent: 0.1234 → 12.34%"""
    return UNKNOWN if ratio is None else with_our_sign(f"{finite(ratio):,.2%}")


@register.filter
def signed_pct(ratio: Decimal | None) -> str:
    """0.0123 → +1.23%"""
    return UNKNOWN if ratio is None else with_our_sign(f"{finite(ratio):+,.2%}")


def with_our_sign(text: str) -> str:
    """Two decimals as Python writes them; nought has no sign."""
    if text[0] not in "+-":
        return text
    if text.startswith(NOUGHT, 1):
        return text[1:]
    return text if text[0] == "+" else MINUS + text[1:]


def meter(ratio: Decimal | None) -> str:
    """The value of a meter from 0 to 1: 0.12345678 → 0.1235"""
    return f"{ratio or 0:.4f}"


@register.filter
@lru_cache(maxsize=SHARED_PRICES)
def price(given: Decimal | str | None) -> str:
    """Two decimals, more only where they are needed: 12.5 → 12.50, 0.1234 → 0.1234"""
    value = known(given)
    if value is None:
        return UNKNOWN
    text = f"{value:,f}"
    if text[-3:-2] == ".":
        return text if value > 0 else written(value)
    short = value.normalize()
    few = short.as_tuple().exponent
    return written(short if isinstance(few, int) and few < -2 else value.quantize(CENT))


@register.filter
def unit(currency: str) -> str:
    """What stands behind a price that is not in USD."""
    return f" {currency}" if currency and currency != BASE else ""


@register.filter
def price_in(given: Decimal | str | None, currency: str) -> str:
    """The price with its currency where that is not USD: 12.5 → 12.50 EUR"""
    return price(given) if given is None or currency == BASE else price(given) + unit(currency)


@register.filter
def qty(given: Decimal | str | None) -> str:
    """Shares: 1200 → 1,200; 0.50000000 → 0.5"""
    value = known(given)
    if value is None:
        return UNKNOWN
    whole = value.to_integral_value()
    return written(whole if whole == value else value.normalize())


@register.filter
def direction(value: Decimal | None) -> str:
    """The class of a gain, a loss or neither."""
    if not value:
        return "flat"
    return "loss" if value.is_signed() else "gain"


def moment(at: datetime) -> str:
    """The second: 2 Mar 2026 12:00:00"""
    return f"{at:%-d %b %Y %H:%M:%S}"


@register.filter
def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long since, in its largest unit: 12 s, 3 min, 2 h, 4 d"""
    if moment is None:
        return UNKNOWN
    seconds = max(0, int(((now or timezone.now()) - moment).total_seconds()))
    size, unit = next((age for age in AGES if seconds >= age[0]), (1, "s"))
    return f"{seconds // size} {unit}"


@register.filter
def duration(length: timedelta | None) -> str:
    """In its two largest units: 12 s, 3 min 4 s, 2 h 5 min, 1 d 3 h"""
    if length is None:
        return UNKNOWN
    rest, parts = round(length.total_seconds()), list[str]()
    for size, unit in AGES:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts)) or "0 s"


@register.filter
def exact(value: Decimal | timedelta | None) -> str:
    """Every digit that is information, twelve places at most: 0.010377358491; of a length its seconds: 7,500 s"""
    if isinstance(value, timedelta):
        return f"{qty(Decimal(value // timedelta(microseconds=1)) / 1_000_000)} s"
    return UNKNOWN if value is None else qty(rounded(value))
