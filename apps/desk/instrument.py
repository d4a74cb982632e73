"""What can be traded: its symbol and the steps its prices and quantities move in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9./:_-]{0,31}")


def symbol_of(text: str) -> str:
    """The symbol as the desk spells it. Raises ValueError for what cannot be one."""
    symbol = text.strip().upper()
    if not text.isascii() or not SYMBOL.fullmatch(symbol):
        raise ValueError(f"{text[:40]!r} is not a symbol: letters, digits and . / : _ - only, 32 at most")
    return symbol


@dataclass(frozen=True, slots=True)
class Renamed:
    """What was called `old` is called `new` from now on; nothing else of it changes."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """Prices are in `currency` and move in `tick_size`, quantities in `lot_size` (shares)."""

    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    tradable: bool = True
    currency: str = "USD"
