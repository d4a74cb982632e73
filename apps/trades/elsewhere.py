"""A fill as it was made elsewhere."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from apps.desk.currency import BASE, ONE
from apps.desk.money import cents
from apps.desk.order import Side


class Elsewhere(NamedTuple):
    """`line` of the file, `key` its id there. `currency` is empty where the file says none, `rate` (USD a unit of it)
    None. The commission is in its own currency, USD where the file says none."""

    line: int
    key: str
    at: datetime
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal
    currency: str = ""
    rate: Decimal | None = None
    commission_currency: str = BASE

    @property
    def fee(self) -> Decimal:
        """The commission in USD, to the cent: in the share's currency it is worth what that is."""
        return self.commission if self.commission_currency == BASE else cents(self.commission * (self.rate or ONE))
