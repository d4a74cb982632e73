"""One execution of an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from .money import cents
from .order import Side

Liquidity = Literal["taker", "maker", ""]


@dataclass(frozen=True, slots=True)
class Fill:
    """`exec_id` is unique for ever: a fill is booked once by it. Commission in USD, to the cent.

    `order_id` and `liquidity` are empty in a fill read from the books, which do not keep them.
    """

    exec_id: str
    order_id: str
    symbol: str
    side: Side
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal
    liquidity: Liquidity
    at: datetime

    @property
    def notional(self) -> Decimal:
        """What the shares cost or fetched (USD), without commission."""
        return cents(self.last_qty * self.last_px)

    @property
    def cash_flow(self) -> Decimal:
        """What it did to cash (USD): a buy takes, a sell brings, commission always takes."""
        return (-self.notional if self.side is Side.BUY else self.notional) - self.commission
