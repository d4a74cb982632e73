"""One execution of an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from .currency import BASE, ONE
from .money import ZERO, cents, usd_of
from .order import Side

Liquidity = Literal["taker", "maker", ""]


@dataclass(frozen=True, slots=True)
class Fill:
    """`exec_id` is unique for ever: a fill is booked once by it. Commission in USD, to the cent.

    `order_id` and `liquidity` are empty in a fill read from the books, which do not keep them. `last_px` is in
    `currency`, of which a unit was worth `rate` USD then.
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
    currency: str = BASE
    rate: Decimal = ONE

    @property
    def notional(self) -> Decimal:
        """What the shares cost or fetched (USD), without commission."""
        if self.currency == BASE:
            return cents(self.last_qty * self.last_px)
        return usd_of(self.last_qty, self.last_px, self.rate)

    @property
    def local(self) -> Decimal:
        """The same in its own currency; 0 where that is USD."""
        return cents(self.last_qty * self.last_px) if self.currency != BASE else ZERO

    @property
    def local_flow(self) -> Decimal:
        """What was paid, below zero, or fetched in its own currency; 0 where that is USD."""
        return -self.local if self.side is Side.BUY else self.local

    @property
    def cash_flow(self) -> Decimal:
        """What it did to cash (USD): a buy takes, a sell brings, commission always takes."""
        return (-self.notional if self.side is Side.BUY else self.notional) - self.commission
