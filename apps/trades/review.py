"""What the rules say of an order before there is one, and what it would cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.desk import money
from apps.desk.currency import IN_USD, Rate
from apps.desk.limits import Limits, check_admission, check_limits
from apps.desk.margin import INITIAL
from apps.desk.order import Effect, Side
from apps.desk.order import Order as DeskOrder
from apps.desk.quote import Quote
from apps.desk.risk import (
    Accepted,
    Denied,
    check_closing,
    check_direction,
    check_exits_ever,
    check_opening,
    check_terms,
    needed_at_most,
)
from apps.desk.sessions import check_calendar, check_hours, may_trade
from apps.market import queries as market
from apps.market.queries import MarketStatus
from apps.market.quotes import board
from apps.market.rates import currency_of, rate_now
from apps.portfolio.models import Account
from apps.risk.queries import closing_limits, limits_of

from .exposure import exposure_of, opening_side
from .held import Held
from .queries import commission, policy
from .ticket import THEN, Ticket


@dataclass(frozen=True, slots=True)
class Review:
    """What the rules say of a ticket now, and the figures they go by (USD). A trail starts at `watermark`. `price` is
    in the instrument's currency, of `rate`.

    `margin` is what it would need of its own on margin; buying power is None while a price it rests on is missing.
    """

    verdict: Accepted | Denied
    effect: Effect
    quote: Quote | None
    price: Decimal | None = None
    cost: Decimal | None = None
    fee: Decimal | None = None
    margin: Decimal | None = None
    buying_power_after: Decimal | None = None
    watermark: Decimal | None = None
    rate: Rate = IN_USD


def review(
    account: Account,
    ticket: Ticket,
    now: datetime,
    state: MarketStatus | None = None,
    *,
    is_limited: bool = True,
    by_desk: bool = False,
) -> Review:
    """Runs every rule before an order; the caller holds the account's lock when an order is to follow, and gives the
    market's state if it has read that, whether there are limits at all, and whether it is the desk that closes."""
    held = Held(account)
    effect = effect_of(held, ticket)
    order = replace(ticket.order(now), effect=effect)
    quote, free = board.latest(ticket.symbol), held.free
    rate = rate_now(currency_of(ticket.symbol))
    limits = Limits()
    if is_limited:
        limits = closing_limits() if by_desk else limits_of(account, now)
    if ticket.is_exit:
        limits = replace(limits, price_band_pct=None)
    verdict = verdict_of(held, order, Seen(quote, rate, free, state or market.market_state(), now), limits)
    if ticket.reduce_only and effect is Effect.OPEN:
        verdict = only_reduces(ticket, held)
    if ticket.then and isinstance(verdict, Accepted):
        verdict = check_then(held, ticket.then, now) or verdict
    if quote is None:
        return Review(verdict, effect, None, rate=rate)
    price, usd = expected_price(order, quote), rate.usd
    watermark = order.seeing(policy().signal(quote)).watermark
    if usd is None:
        return Review(verdict, effect, quote, price, watermark=watermark, rate=rate)
    cost, fee = price * usd * order.quantity, commission().of(order.quantity, price * usd)
    needed = None
    if account.on_margin and order.opens:
        needed = needed_at_most(order, quote, commission(), on_margin=True, usd=usd)
    after = None if free is None else power_after(account, order, free, cost, fee)
    return Review(verdict, effect, quote, price, cost, fee, needed, after, watermark, rate)


def effect_of(own: Held, ticket: Ticket) -> Effect:
    """A sell closes what is held, a buy what is owed; with neither, or more of the same, it opens. Without margin
    nothing is owed."""
    if ticket.effect is not None:
        return ticket.effect
    if not own.account.on_margin:
        return Effect.OPEN if ticket.side is Side.BUY else Effect.CLOSE
    held, _ = own.of(ticket.symbol)
    closes = held < 0 if ticket.side is Side.BUY else held > 0
    return Effect.CLOSE if closes else Effect.OPEN


def power_after(account: Account, order: DeskOrder, free: Decimal, cost: Decimal, fee: Decimal) -> Decimal:
    """Buying power when the order is filled at the expected price."""
    if not account.on_margin:
        return free - cost - fee if order.side is Side.BUY else free + cost - fee
    needed = cost * INITIAL
    return max(free - needed - fee if order.opens else free + needed - fee, money.ZERO) / INITIAL


def only_reduces(ticket: Ticket, own: Held) -> Denied:
    held, _ = own.of(ticket.symbol)
    what = f"adds to your {money.plain(abs(held))}" if held else "opens a position: you have none"
    return Denied("reduce_only", "reduce_only", f"An order that only reduces may not open one; this one {what}")


def check_then(own: Held, then: Ticket, now: datetime) -> Denied | None:
    """What a second order could do at no time; every other rule is asked when it begins. Without margin a sale never
    opens, on margin that is found then."""
    if not own.account.on_margin:
        then = replace(then, effect=effect_of(own, then))
    denied = check_ever(then, now)
    return replace(denied, field=THEN + denied.field) if denied else None


def check_ever(ticket: Ticket, now: datetime) -> Denied | None:
    order = ticket.order(now)
    currency, calendar = currency_of(ticket.symbol), board.calendar(ticket.symbol)
    return (
        check_terms(order, None, now, currency) or check_exits_ever(order, currency) or check_calendar(order, calendar)
    )


class Seen(NamedTuple):
    """What an order meets at the moment `now`: `free` is what the account may open with (USD), None where unknown."""

    quote: Quote | None
    rate: Rate
    free: Decimal | None
    state: MarketStatus
    now: datetime


def verdict_of(own: Held, order: DeskOrder, seen: Seen, limits: Limits) -> Accepted | Denied:
    if denied := check_admission(order.symbol, limits):
        return denied
    verdict = covered(own, order, seen)
    if isinstance(verdict, Denied) or seen.quote is None:
        return verdict
    exposure = exposure_of(own, order, limits, seen.now)
    return check_limits(order, seen.quote, exposure, limits, seen.rate.usd or money.ZERO) or verdict


def covered(own: Held, order: DeskOrder, seen: Seen) -> Accepted | Denied:
    """Whether the order can be dealt with at all: an open market, or one that opens again, a fresh quote, and money or
    shares for it."""
    account, (quote, rate, free, state, now) = own.account, seen
    if past := check_terms(order, quote, now, rate.currency):
        return past
    if not state.is_open:
        return Denied("symbol", "market_closed", f"The market is closed: {state.reason or 'no session runs now'}")
    calendar = board.calendar(order.symbol)
    if wrong := check_hours(order, calendar, now, lambda: ZoneInfo(account.user.time_zone)):
        return wrong
    stale_ms = settings.QUOTE_STALE_MS if may_trade(order, calendar, now) else None
    if not order.opens:
        return check_closing(order, *own.of(order.symbol), quote, now, stale_ms)
    if account.on_margin and (crossing := check_direction(order, opening_side(account, order))):
        return crossing
    if free is None:
        message = "What you may open is not known while a price of your positions is missing"
        return Denied("account", "equity_unknown", message)
    return check_opening(order, quote, free, commission(), now, stale_ms, on_margin=account.on_margin, rate=rate)


def expected_price(order: DeskOrder, quote: Quote) -> Decimal:
    """A limit or stop is estimated at its own price, a market order at the side it would take."""
    return order.limit or order.seeing(quote).stop_at or (quote.ask if order.side is Side.BUY else quote.bid)
