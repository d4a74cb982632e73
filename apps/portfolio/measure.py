"""A figure of performance as a trader reads it: its value, how it is written, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.desk.performance_words import Figure
from apps.market.templatetags.figures import MINUS, duration, pct, signed_pct, signed_usd, usd

WRITTEN: dict[str, Callable[[Any], str]] = {
    "signed_usd": signed_usd,
    "signed_pct": signed_pct,
    "pct": pct,
    "number": usd,
    "duration": duration,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of this account; `value` is None where too little is known, `note` says of which days or of what."""

    figure: Figure
    value: Decimal | timedelta | None
    note: str = ""

    @property
    def text(self) -> str:
        return WRITTEN[self.figure.shown_as](self.value)

    @property
    def signed(self) -> Decimal | timedelta | None:
        """What decides whether it is shown as a gain or a loss: what is written as nought is neither."""
        return self.value if self.text[0] in ("+", MINUS) and self.figure.shown_as.startswith("signed") else None
