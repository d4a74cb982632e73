"""The limits set on orders, and which of them an order would break: each check is None or Denied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from .currency import ONE
from .money import ZERO, cents
from .order import Order, Side
from .quote import Quote
from .risk import Denied, plain
from .valuation import value_position

SYMBOLS_NAMED = 5
NUMBERS = (
    "position_qty",
    "position_usd",
    "position_pct",
    "exposure_usd",
    "exposure_pct",
    "orders_per_minute",
    "day_loss",
    "drawdown_pct",
    "price_band_pct",
)
"""The limits that are a number: the smaller, the tighter."""


@dataclass(frozen=True, slots=True)
class Halt:
    """No new order until it is lifted. `scope` says for whom, or by whom."""

    scope: str
    reason: str


@dataclass(frozen=True, slots=True)
class Limits:
    """In shares, USD and per cent. What is None bounds nothing; an empty `allowed` allows every symbol."""

    halt: Halt | None = None
    position_qty: Decimal | None = None
    position_usd: Decimal | None = None
    position_pct: Decimal | None = None
    exposure_usd: Decimal | None = None
    exposure_pct: Decimal | None = None
    orders_per_minute: int | None = None
    day_loss: Decimal | None = None
    drawdown_pct: Decimal | None = None
    price_band_pct: Decimal | None = None
    allowed: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()

    @property
    def bounds_position(self) -> bool:
        return any(bound is not None for bound in (self.position_qty, self.position_usd, self.position_pct))

    @property
    def bounds_worth(self) -> bool:
        """Whether the account must be valued at the marks to know."""
        bounds = self.position_pct, self.exposure_usd, self.exposure_pct, self.day_loss, self.drawdown_pct
        return any(bound is not None for bound in bounds)

    def over(self, desk: Limits) -> Limits:
        """An account's limits over the desk's: what it leaves open is the desk's; halts and bars add up."""
        open_ones = {name: getattr(desk, name) for name in NUMBERS if getattr(self, name) is None}
        return replace(
            self,
            halt=desk.halt or self.halt,
            allowed=self.allowed or desk.allowed,
            barred=self.barred | desk.barred,
            **open_ones,
        )

    def within(self, own: Limits) -> Limits:
        """These with the trader's own: the tighter of both holds."""
        here, there = ({name: getattr(each, name) for name in NUMBERS} for each in (self, own))
        tighter = {
            name: bound
            for name, bound in there.items()
            if bound is not None and (here[name] is None or bound < here[name])
        }
        return replace(self, halt=self.halt or own.halt, **tighter)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the limits are held against: the last minute's orders, shares held (owed ones below zero) and in working
    orders that open, USD.

    `invested` is what all positions are worth, owed ones too, and all working orders may open; `drawdown` how far
    the account's P&L is below its best. A figure that is not known refuses what a limit on it would have to allow.
    """

    recent_orders: int = 0
    held: Decimal = ZERO
    opening: Decimal = ZERO
    equity: Decimal | None = None
    day_pnl: Decimal | None = None
    invested: Decimal | None = None
    drawdown: Decimal | None = None


def check_admission(symbol: str, limits: Limits) -> Denied | None:
    """What needs neither quote nor books: nobody has stopped trading, and the symbol may be traded."""
    if limits.halt:
        return Denied("account", "halted", f"New orders are stopped {limits.halt.scope}: {limits.halt.reason}")
    if symbol in limits.barred:
        return Denied("symbol", "symbol_barred", f"{symbol} may not be traded here: it is on the deny list")
    if limits.allowed and symbol not in limits.allowed:
        first, more = sorted(limits.allowed)[:SYMBOLS_NAMED], len(limits.allowed) - SYMBOLS_NAMED
        named = ", ".join(first) + (f" and {more} more" if more > 0 else "")
        return Denied("symbol", "symbol_not_allowed", f"{symbol} may not be traded here; allowed: {named}")
    return None


def check_limits(order: Order, quote: Quote, exposure: Exposure, limits: Limits, usd: Decimal = ONE) -> Denied | None:
    """The first limit that the order would break, at so many `usd` a unit of its currency. Only what opens adds risk:
    no position and no loss refuses what closes."""
    denied = check_rate(exposure.recent_orders, limits) or check_band(order, quote, limits)
    if denied or not order.opens:
        return denied
    return (
        check_position(order, quote.mark * usd, exposure, limits)
        or check_invested(order, quote.mark * usd, exposure, limits)
        or check_day_loss(exposure.day_pnl, limits)
        or check_drawdown(exposure, limits)
    )


def check_rate(recent_orders: int, limits: Limits) -> Denied | None:
    most = limits.orders_per_minute
    if most is None or recent_orders < most:
        return None
    message = f"Would be order {recent_orders + 1:,} within a minute; your limit is {most:,}"
    return Denied("account", "order_rate", message, Decimal(recent_orders + 1), Decimal(most))


def check_band(order: Order, quote: Quote, limits: Limits) -> Denied | None:
    """A price may be away from the nearer side of the quote by the band at most, in either direction. Those of the
    order alone, not of its exits: a profit is taken, and a loss stopped, far from where the market is."""
    if limits.price_band_pct is None:
        return None
    share = limits.price_band_pct.scaleb(-2)
    lowest, highest = quote.bid * (1 - share), quote.ask * (1 + share)
    for field, price in (("limit_price", order.limit_price), ("stop_price", order.stop_price)):
        if price is None or lowest <= price <= highest:
            continue
        label = field.replace("_", " ").capitalize()
        within, bound = ("most", highest) if price > highest else ("least", lowest)
        message = (
            f"{label} {plain(price)} is more than {plain(limits.price_band_pct)} % from the quote "
            f"{plain(quote.bid)} × {plain(quote.ask)}; at {within} {plain(bound)}"
        )
        return Denied(field, "price_band", message, price, bound)
    return None


def check_position(order: Order, mark: Decimal, exposure: Exposure, limits: Limits) -> Denied | None:
    """What would be held, or owed, of the symbol once every working order that opens is filled: in shares, in USD, of
    the equity. `mark` is in USD."""
    qty = abs(exposure.held) + exposure.opening + order.leaves_qty
    value, _ = value_position(qty, ZERO, mark)
    would = f"Would make {plain(qty)} {order.symbol}{'' if order.side is Side.BUY else ' short'}"
    worth = f"{would} worth {value:,.2f} USD"
    if limits.position_qty is not None and qty > limits.position_qty:
        message = f"{would}; your limit is {plain(limits.position_qty)}"
        return Denied("quantity", "position_qty", message, qty, limits.position_qty)
    if limits.position_usd is not None and value > limits.position_usd:
        message = f"{worth}; your limit is {limits.position_usd:,.2f}"
        return Denied("quantity", "position_usd", message, value, limits.position_usd)
    if limits.position_pct is None:
        return None
    part = f"{plain(limits.position_pct)} % of equity"
    if exposure.equity is None:
        message = f"{worth}; your limit is {part}, which is not known while a price is missing"
        return Denied("quantity", "equity_unknown", message)
    most = cents(exposure.equity * limits.position_pct.scaleb(-2))
    if value > most:
        message = f"{worth}; your limit is {part}, {most:,.2f}"
        return Denied("quantity", "position_pct", message, value, most)
    return None


def check_invested(order: Order, mark: Decimal, exposure: Exposure, limits: Limits) -> Denied | None:
    """What all positions, owed ones too, would be worth with this order and every working one that opens: in USD, of
    the equity. `mark` is in USD."""
    if limits.exposure_usd is None and limits.exposure_pct is None:
        return None
    if exposure.invested is None or exposure.equity is None:
        message = "Your exposure, which is limited, is not known while a price is missing"
        return Denied("quantity", "exposure_unknown", message)
    value = exposure.invested + cents(order.leaves_qty * mark)
    would = f"Would make an exposure of {value:,.2f} USD"
    if limits.exposure_usd is not None and value > limits.exposure_usd:
        message = f"{would}; your limit is {limits.exposure_usd:,.2f}"
        return Denied("quantity", "exposure_usd", message, value, limits.exposure_usd)
    if limits.exposure_pct is None:
        return None
    most = cents(exposure.equity * limits.exposure_pct.scaleb(-2))
    if value > most:
        message = f"{would}; your limit is {plain(limits.exposure_pct)} % of equity, {most:,.2f}"
        return Denied("quantity", "exposure_pct", message, value, most)
    return None


def check_day_loss(day_pnl: Decimal | None, limits: Limits) -> Denied | None:
    most = limits.day_loss
    if most is None:
        return None
    if day_pnl is None:
        message = f"Today's P&L is not known while a price is missing; your limit is a loss of {most:,.2f} USD"
        return Denied("account", "day_pnl_unknown", message)
    if -day_pnl > most:
        message = f"Today's loss is {-day_pnl:,.2f} USD; your limit is {most:,.2f}"
        return Denied("account", "day_loss", message, -day_pnl, most)
    return None


def check_drawdown(exposure: Exposure, limits: Limits) -> Denied | None:
    """In per cent of what the equity would be at the best P&L: deposits and withdrawals are no gain or loss."""
    if limits.drawdown_pct is None:
        return None
    part = f"{plain(limits.drawdown_pct)} %"
    if exposure.equity is None or exposure.drawdown is None:
        message = f"How far you are below your best is not known while a price is missing; your limit is {part}"
        return Denied("account", "drawdown_unknown", message)
    most = cents((exposure.equity + exposure.drawdown) * limits.drawdown_pct.scaleb(-2))
    if exposure.drawdown > most:
        message = f"You are {exposure.drawdown:,.2f} USD below your best; your limit is {part}, {most:,.2f}"
        return Denied("account", "drawdown", message, exposure.drawdown, most)
    return None
