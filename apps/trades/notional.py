"""Orders by amount: how many shares so many USD come to, in whole lots and never for more."""

from __future__ import annotations

from decimal import Decimal

from apps.desk.money import CENT, ZERO, plain
from apps.desk.order import Side
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.market.rates import rate_now


def check_amount(amount: Decimal, quantity: str) -> Decimal:
    """Raises ValueError where the order says how many shares as well, or for a part of a cent."""
    if quantity:
        raise ValueError("Amount must be empty where a quantity is given: an order is by one of them")
    if amount % CENT:
        raise ValueError("Amount must be a multiple of 0.01")
    return amount


def shares_for(amount: Decimal, instrument: Instrument, side: Side, price: Decimal | None) -> Decimal:
    """At the order's own price, else at the side of the quote that it would take, and at the rate of its currency.
    Raises ValueError below one lot."""
    quote = board.latest(instrument.symbol)
    if price is None and quote is None:
        raise ValueError(f"Amount cannot be turned into shares: there is no quote for {instrument.symbol} yet")
    if price is None and quote is not None:
        price = quote.ask if side is Side.BUY else quote.bid
    usd = rate_now(instrument.currency).usd
    if usd is None:
        raise ValueError(f"Amount cannot be turned into shares: there is no rate of {instrument.currency} in USD yet")
    per_lot = (price or ZERO) * usd * instrument.lot_size
    lots = amount // per_lot
    if not lots:
        one = "one share" if instrument.lot_size == 1 else f"{plain(instrument.lot_size)} shares"
        raise ValueError(f"Amount must be at least {per_lot:,.2f}, the price of {one} of {instrument.symbol}")
    shares: Decimal = lots * instrument.lot_size
    return shares
