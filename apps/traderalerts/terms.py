"""What a trader asks to be told of, and the answer where that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from apps.market.models import Instrument

from .models import Kind


@dataclass(frozen=True, slots=True)
class Terms:
    """Without an instrument an order's alert is of any order."""

    kind: Kind
    instrument: Instrument | None = None
    threshold: Decimal | None = None
    repeat: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed; the words are for the trader, by the field they belong to."""

    errors: dict[str, str]
