"""What must hold before an order is taken: Accepted with what it holds back, or Denied with the reason."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from .commission import Commission
from .currency import BASE, IN_USD, ONE, Rate
from .margin import initial_margin
from .money import CENT, ZERO, cents
from .order import Effect, Order, Side
from .quote import Quote

LONGEST_GOOD = timedelta(days=366)
EXITS = {"take_profit": "Take profit", "stop_loss": "Stop loss", "oco_stop": "Stop of an OCO"}
MARKET_CUSHION = Decimal("0.05")  # how far the ask may run away before a market buy is filled


@dataclass(frozen=True, slots=True)
class Accepted:
    """`reserve` is held back while the order works: USD for one that opens, shares for one that closes."""

    reserve: Decimal


@dataclass(frozen=True, slots=True)
class Denied:
    """`message` stands beside `field` of the ticket; `rule` is the name to count by."""

    field: str
    rule: str
    message: str
    needed: Decimal | None = None
    available: Decimal | None = None


def check_terms(order: Order, quote: Quote | None, now: datetime, currency: str = BASE) -> Denied | None:
    """What an order's own words must make sense of: a date to come, a stop that is a price (in `currency`)."""
    if order.expires_at is not None and not now < order.expires_at <= now + LONGEST_GOOD:
        return Denied(
            "expires_at", "good_till", f"Good till must be later than now and within {LONGEST_GOOD.days} days"
        )
    stop = order.seeing(quote).stop_at if quote else order.stop_at
    if stop is not None and stop <= ZERO:
        return Denied(
            "trail_amount", "trail_too_wide", f"A trail this wide would put the stop at {stop:,.2f} {currency}"
        )
    return check_exits(order, quote, currency) if quote else None


def check_exits(order: Order, quote: Quote, currency: str) -> Denied | None:
    """Exits go with what opens: a take profit on the one side, a stop loss on the other of what it may trade at. The
    stop that goes with what closes is beyond the market."""
    if denied := check_exits_go(order):
        return denied
    buys = order.side is Side.BUY
    market, verb = (quote.ask, "asks") if buys else (quote.bid, "bids")
    if order.oco_stop is not None and not is_beyond(order.oco_stop, market, above=buys):
        where = "above" if buys else "below"
        words = f"Stop must be {where} the {market:,.2f} {currency} that the market {verb}"
        return Denied("oco_stop", "exit_side", words, order.oco_stop, market)
    stop = order.seeing(quote).stop_at
    price = order.limit or (max(market, stop or ZERO) if buys else min(market, stop or market))
    trade = "buy may cost" if buys else "short sale may fetch"
    exits = ("take_profit", order.take_profit, buys), ("stop_loss", order.stop_loss, not buys)
    for field, exit_price, above in exits:
        if exit_price is not None and not is_beyond(exit_price, price, above=above):
            words = (
                f"{EXITS[field]} must be {'above' if above else 'below'} the {price:,.2f} {currency} that the {trade}"
            )
            return Denied(field, "exit_side", words, exit_price, price)
    return None


def check_exits_go(order: Order) -> Denied | None:
    """Those that do not go with what the order does to the position."""
    for field in ("oco_stop",) if order.opens else ("take_profit", "stop_loss"):
        if getattr(order, field) is not None:
            name, wanted = EXITS[field], "closes" if order.opens else "opens"
            return Denied(field, "exit_side", f"{name} must be empty: it goes with an order that {wanted} a position")
    return None


def check_exits_ever(order: Order, currency: str) -> Denied | None:
    """Exits that no market makes sense of: of what closes, or on one side of each other or the limit."""
    if order.effect is Effect.CLOSE and (denied := check_exits_go(order)):
        return denied
    above, limit = order.side is Side.BUY, order.limit
    profit, loss = order.take_profit, order.stop_loss
    bounds = (
        ("take_profit", profit, limit if limit is not None else loss, above),
        ("stop_loss", loss, limit, not above),
    )
    for field, price, of, above_it in bounds:
        if price is not None and of is not None and not is_beyond(price, of, above=above_it):
            where, what = "above" if above_it else "below", "limit" if of is limit else "stop loss"
            words = f"{EXITS[field]} must be {where} the {what} of {of:,.2f} {currency}"
            return Denied(field, "exit_side", words, price, of)
    return None


def is_beyond(price: Decimal, of: Decimal, *, above: bool) -> bool:
    return price > of if above else price < of


def check_opening(
    order: Order,
    quote: Quote | None,
    available: Decimal,
    commission: Commission,
    now: datetime,
    stale_ms: int | None,
    *,
    on_margin: bool = False,
    rate: Rate = IN_USD,
) -> Accepted | Denied:
    """What opens or adds to a position needs a fresh quote, a fresh rate where that is not in USD, and, `available`,
    what it may cost at most; on margin, the initial margin of that. Without `stale_ms` any quote is fresh: the market
    is closed."""
    if quote is None or is_old(quote, now, stale_ms):
        return stale(order, quote, now, stale_ms)
    usd = rate.usd
    if usd is None or (rate.pair and is_old(rate.pair, now, stale_ms)):
        return stale_rate(order, rate, now, stale_ms)
    needed = needed_at_most(order, quote, commission, on_margin=on_margin, usd=usd)
    if needed > available:
        of = " of margin" if on_margin else ""
        message = f"Needs {needed:,.2f} USD{of}; {available:,.2f} available"
        return Denied("quantity", "buying_power", message, needed, available)
    return Accepted(needed)


def check_closing(
    order: Order, held: Decimal, reserved: Decimal, quote: Quote | None, now: datetime, stale_ms: int | None
) -> Accepted | Denied:
    """What closes needs a fresh quote and shares, held or owed, that no other working order is to close."""
    if quote is None or is_old(quote, now, stale_ms):
        return stale(order, quote, now, stale_ms)
    free = abs(held) - reserved
    if order.quantity > free:
        buys = order.side is Side.BUY
        verb, noun, others = ("Buys", "short", "buys to cover") if buys else ("Sells", "available", "working sells")
        message = f"{verb} {plain(order.quantity)}; {plain(free)} {order.symbol} {noun}"
        if reserved:
            message += f" ({plain(reserved)} held for {others})"
        if held and not reserved:
            message += ". Close the position first, then open one the other way" if buys else ""
        return Denied("quantity", "held", message, order.quantity, free)
    return Accepted(order.quantity)


def check_direction(order: Order, working: Side | None) -> Denied | None:
    """An order to open meets none that waits to open the other way: what the first of them did, the second would
    undo."""
    if not order.opens or working is None or working is order.side:
        return None
    other = "buy" if working is Side.BUY else "short sale"
    message = f"A working {other} of {order.symbol} would open the other way; cancel it first"
    return Denied("side", "opposite_working", message)


def needed_at_most(
    order: Order, quote: Quote, commission: Commission, *, on_margin: bool = False, usd: Decimal = ONE
) -> Decimal:
    """What an order that opens holds back (USD): a limit its limit, any other the market and a cushion, at so many
    `usd` a unit of its currency; commission on top. On margin the initial margin of that, and the commission."""
    price = price_at_most(order, quote) * usd
    notional = cents(order.leaves_qty * price)
    return (initial_margin(notional) if on_margin else notional) + commission.of(order.leaves_qty, price)


def price_at_most(order: Order, quote: Quote) -> Decimal:
    """The most that it may trade at, as far as is known: a short sale at a limit may fetch the market's bid."""
    if order.side is Side.SELL:
        return max(quote.bid * (1 + MARKET_CUSHION), order.limit or ZERO)
    if order.limit is not None:
        return order.limit
    return max(quote.ask, order.seeing(quote).stop_at or ZERO) * (1 + MARKET_CUSHION)


def affordable(
    qty: Decimal, price: Decimal, commission: Commission, cash: Decimal, lot_size: Decimal = Decimal(1)
) -> Decimal:
    """The most of `qty`, in whole lots, that `cash` pays for with its commission; 0 when not even one lot."""
    unit = price + commission.per_share + commission.of_notional * price
    slack = cash + CENT  # rounding to the cent may favour the trader; what it did not is taken back
    most = max(min(slack / unit, (slack - commission.minimum) / price), slack / (2 * price))
    lots = int((min(qty, max(most, ZERO)) / lot_size).to_integral_value(rounding=ROUND_FLOOR))

    def cost(lots: int) -> Decimal:
        return cents(lots * lot_size * price) + commission.of(lots * lot_size, price)

    if cost(lots) > cash:  # it never falls with the lots, and of small ones a cent is millions
        lots = max(bisect_right(range(lots), cash, key=cost) - 1, 0)
    return lots * lot_size


def is_old(quote: Quote, now: datetime, stale_ms: int | None) -> bool:
    return stale_ms is not None and quote.is_stale(now, stale_ms)


def stale(order: Order, quote: Quote | None, now: datetime, stale_ms: int | None) -> Denied:
    if quote is None:
        return Denied("symbol", "no_quote", f"There is no quote for {order.symbol} yet; wait for one")
    return too_old("stale_quote", f"The quote for {order.symbol}", quote, now, stale_ms)


def stale_rate(order: Order, rate: Rate, now: datetime, stale_ms: int | None) -> Denied:
    """Its price may be fresh: what it comes to in USD is not known."""
    what = f"{order.symbol} is in {rate.currency}, and"
    if rate.pair is None or rate.usd is None:
        return Denied("symbol", "no_rate", f"{what} there is no rate of {rate.currency} in USD yet; wait for one")
    return too_old("stale_rate", f"{what} the rate of {rate.currency} in USD", rate.pair, now, stale_ms)


def too_old(rule: str, what: str, quote: Quote, now: datetime, stale_ms: int | None) -> Denied:
    """Its numbers are seconds: how old it is, and from which age on it is too old."""
    age, limit = seconds(quote.age_ms(now)), seconds(stale_ms or 0)
    return Denied("symbol", rule, f"{what} is {age:.1f} s old; wait for one younger than {plain(limit)} s", age, limit)


def seconds(milliseconds: int) -> Decimal:
    return Decimal(milliseconds).scaleb(-3)


def plain(number: Decimal) -> str:
    """As a trader reads a quantity or a price: 1,500 or 150.25."""
    return f"{number.normalize():,f}"
