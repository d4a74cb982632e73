"""What the desk asks of a broker."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from apps.desk.instrument import Renamed
from apps.desk.quote import Quote


class Broker(Protocol):
    """Works the accounts' orders. The desk calls it from one task; what may block is called in a thread."""

    name: str

    def refresh(self, order_ids: Collection[str] | None = None) -> set[str]:
        """Reads the working orders anew, or only these, and names their symbols. May block."""
        ...

    def would_fill(self, quote: Quote, now: datetime) -> bool:
        """Whether `fill` would do anything; never blocks, so that an idle quote costs no thread."""
        ...

    def fill(self, quote: Quote, now: datetime) -> None:
        """Fills what the quote fills. May block."""
        ...

    def close(self, symbol: str, quote: Quote, closed_at: datetime, order_ids: set[str]) -> None:
        """Fills, as of the close, what these orders for it fill against the last quote before it. May block."""
        ...

    def trailed(self) -> dict[str, Decimal]:
        """By order id the best price that a trailing stop has seen, where nobody has kept it yet. Never blocks."""
        ...

    def rename(self, renamed: Renamed) -> None:
        """Its working orders go on under the new symbol; called where `fill` is. Never blocks."""
        ...
