"""A figure of performance as a trader reads it: its value, how it is written, what it means, what it is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from apps.desk.performance_words import Figure, figures
from apps.market.templatetags.figures import MINUS, UNKNOWN, duration, exact, pct, signed_pct, signed_usd, usd

Value = Decimal | int | date | timedelta | None


def day(on: date) -> str:
    return f"{on:%-d %b %Y}"


WRITTEN: dict[str, Callable[[Any], str]] = {
    "signed_usd": signed_usd,
    "signed_pct": signed_pct,
    "pct": pct,
    "number": usd,
    "duration": duration,
    "usd": usd,
    "exact": exact,
    "day": lambda on: UNKNOWN if on is None else day(on),
}


def name_of(key: str) -> str:
    """What a figure is called in an address; that of the account's total P&L is another one."""
    return "pnl" if key == "total_pnl" else key.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of this account; `value` is None where too little is known, `note` says of which days or of what."""

    figure: Figure
    value: Decimal | timedelta | None
    note: str = ""

    @property
    def name(self) -> str:
        return name_of(self.figure.key)

    @property
    def text(self) -> str:
        return WRITTEN[self.figure.shown_as](self.value)

    @property
    def exact(self) -> str:
        return exact(self.value)

    @property
    def signed(self) -> Decimal | timedelta | None:
        """What decides whether it is shown as a gain or a loss: what is written as nought is neither."""
        return self.value if self.text[0] in ("+", MINUS) and self.figure.shown_as.startswith("signed") else None


def measures(found: dict[str, tuple[Decimal | timedelta | None, str]]) -> tuple[Measured, ...]:
    """Figures by their keys, each with its value and its note."""
    return tuple(Measured(figures[key], value, note) for key, (value, note) in found.items())


class Given(NamedTuple):
    """A number between the rows and the figure: what it is, how it is worked out where that is not plain, and the
    address of its own receipt where it has one."""

    label: str
    value: Value
    shown_as: str
    how: str = ""
    receipt: str = ""

    @property
    def text(self) -> str:
        return WRITTEN[self.shown_as](self.value)


def count(label: str, number: int, how: str = "") -> Given:
    return Given(label, Decimal(number), "exact", how)
