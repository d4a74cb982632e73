"""What must hold before an order is taken: Accepted with what it holds back, or Denied with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from .commission import Commission
from .money import CENT, ZERO, cents
from .order import Order
from .quote import Quote

LONGEST_GOOD = timedelta(days=366)
MARKET_CUSHION = Decimal("0.05")  # how far the ask may run away before a market buy is filled


@dataclass(frozen=True, slots=True)
class Accepted:
    """`reserve` is held back while the order works: USD for a buy, shares for a sell."""

    reserve: Decimal


@dataclass(frozen=True, slots=True)
class Denied:
    """`message` stands beside `field` of the ticket; `rule` is the name to count by."""

    field: str
    rule: str
    message: str
    needed: Decimal | None = None
    available: Decimal | None = None


def check_terms(order: Order, quote: Quote | None, now: datetime) -> Denied | None:
    """What an order's own words must make sense of: a date to come, a stop that is a price."""
    if order.expires_at is not None and not now < order.expires_at <= now + LONGEST_GOOD:
        return Denied(
            "expires_at", "good_till", f"Good till must be later than now and within {LONGEST_GOOD.days} days"
        )
    stop = order.seeing(quote).stop_at if quote else order.stop_at
    if stop is not None and stop <= ZERO:
        return Denied("trail_amount", "trail_too_wide", f"A trail this wide would put the stop at {stop:,.2f} USD")
    return check_exits(order, quote) if quote else None


def check_exits(order: Order, quote: Quote) -> Denied | None:
    """A take profit above, a stop loss below what the buy may cost; the stop beside a sell below the market."""
    if order.oco_stop is not None and order.oco_stop >= quote.bid:
        return Denied("oco_stop", "exit_side", f"Stop must be below the {quote.bid:,.2f} USD that the market bids")
    price = order.limit or max(quote.ask, order.seeing(quote).stop_at or ZERO)
    if order.take_profit is not None and order.take_profit <= price:
        return Denied(
            "take_profit", "exit_side", f"Take profit must be above the {price:,.2f} USD that the buy may cost"
        )
    if order.stop_loss is not None and order.stop_loss >= price:
        return Denied("stop_loss", "exit_side", f"Stop loss must be below the {price:,.2f} USD that the buy may cost")
    return None


def check_buy(
    order: Order,
    quote: Quote | None,
    buying_power: Decimal,
    commission: Commission,
    now: datetime,
    stale_ms: int | None,
) -> Accepted | Denied:
    """A buy needs a fresh quote and buying power for what it may cost at most. Without `stale_ms` any quote is fresh:
    the market is closed."""
    if quote is None or is_old(quote, now, stale_ms):
        return stale(order, quote, now)
    needed = cost_at_most(order, quote, commission)
    if needed > buying_power:
        return Denied(
            "quantity",
            "buying_power",
            f"Needs {needed:,.2f} USD; {buying_power:,.2f} available",
            needed,
            buying_power,
        )
    return Accepted(needed)


def check_sell(
    order: Order, held: Decimal, reserved: Decimal, quote: Quote | None, now: datetime, stale_ms: int | None
) -> Accepted | Denied:
    """A sell needs a fresh quote and shares that no other working sell holds."""
    if quote is None or is_old(quote, now, stale_ms):
        return stale(order, quote, now)
    free = held - reserved
    if order.quantity > free:
        message = f"Sells {order.quantity.normalize():,f}; {free.normalize():,f} {order.symbol} available"
        if reserved:
            message += f" ({reserved.normalize():,f} held for working sells)"
        return Denied("quantity", "held", message, order.quantity, free)
    return Accepted(order.quantity)


def cost_at_most(order: Order, quote: Quote, commission: Commission) -> Decimal:
    """What a buy reserves (USD): a limit its limit, any other the ask and a cushion; commission on top."""
    price = order.limit
    if price is None:
        price = max(quote.ask, order.seeing(quote).stop_at or ZERO) * (1 + MARKET_CUSHION)
    return cents(order.leaves_qty * price) + commission.of(order.leaves_qty, price)


def affordable(
    qty: Decimal, price: Decimal, commission: Commission, cash: Decimal, lot_size: Decimal = Decimal(1)
) -> Decimal:
    """The most of `qty`, in whole lots, that `cash` pays for with its commission; 0 when not even one lot."""
    unit = price + commission.per_share + commission.of_notional * price
    slack = cash + CENT  # rounding to the cent may favour the trader; the loop takes back what it did not
    most = max(min(slack / unit, (slack - commission.minimum) / price), slack / (2 * price))
    lots = (min(qty, max(most, ZERO)) / lot_size).to_integral_value(rounding=ROUND_FLOOR)
    while lots > 0 and cents(lots * lot_size * price) + commission.of(lots * lot_size, price) > cash:
        lots -= 1
    return lots * lot_size


def is_old(quote: Quote, now: datetime, stale_ms: int | None) -> bool:
    return stale_ms is not None and quote.is_stale(now, stale_ms)


def stale(order: Order, quote: Quote | None, now: datetime) -> Denied:
    if quote is None:
        return Denied("symbol", "no_quote", f"There is no quote for {order.symbol} yet; wait for one")
    seconds = quote.age_ms(now) / 1000
    return Denied(
        "symbol", "stale_quote", f"The quote for {order.symbol} is {seconds:.1f} s old; wait for a fresh one"
    )
