"""A fill as it was made elsewhere."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from apps.desk.order import Side


class Elsewhere(NamedTuple):
    """`line` of the file, `key` its id there. `currency` is empty where the file says none, `rate` (USD a unit of it)
    None; commission is in USD."""

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
