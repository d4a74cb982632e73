"""What an account is worth: one place for each figure, and every screen reads it here. No SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from django.utils import timezone

from apps.desk.currency import BASE, ONE, rate_of
from apps.desk.margin import Margin, margin_of
from apps.desk.money import ZERO, average_price
from apps.desk.position import Lot
from apps.desk.quote import Quote
from apps.desk.valuation import day_basis, day_pnl, equity, value_position, weight


class Quotes(Protocol):
    """Where the newest quotes of symbols are found, and whether they are too old to trust."""

    def latest_each(self, symbols: Iterable[str]) -> tuple[Quote | None, ...]: ...

    def old(self, quotes: Iterable[Quote | None], now: datetime) -> tuple[bool, ...]: ...


@dataclass(frozen=True, slots=True)
class Holding:
    """One position as booked. `traded` (shares, signed) and `cash_flow` (USD) are the session's own. Prices are in its
    `currency`, which `pair` converts: `local_cost` is its cost in that, `previous_rate` what a unit was worth at the
    close (USD).

    `closed_on` is the session whose close its day counts from, where its instrument keeps hours. Of a moment that is
    past it may not be known which day it was.

    What follows from it alone is worked out once, not for each quote.
    """

    symbol: str
    name: str
    quantity: Decimal
    reserved: Decimal
    cost: Decimal
    realized: Decimal
    fees: Decimal
    previous_close: Decimal | None
    traded: Decimal = ZERO
    cash_flow: Decimal = ZERO
    closed_on: date | None = None
    lots: tuple[Lot, ...] = ()
    dividends: Decimal = ZERO
    currency: str = BASE
    pair: str = ""
    local_cost: Decimal | None = None
    previous_rate: Decimal | None = ONE
    day_known: bool = True
    avg_px: Decimal | None = field(init=False, compare=False, repr=False)
    day_basis: Decimal | None = field(init=False, compare=False, repr=False)
    earned: Decimal = field(init=False, compare=False, repr=False)
    """Realised P&L and dividends after fees."""
    drawn: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Its cells that no quote moves, by the name of what draws them."""

    def __post_init__(self) -> None:
        abroad = self.currency != BASE
        cost = self.local_cost if abroad else self.cost
        close = product(self.previous_close, self.previous_rate) if abroad else self.previous_close
        average = average_price(cost / self.quantity) if self.quantity and cost is not None else None
        object.__setattr__(self, "avg_px", average)
        basis = day_basis(self.quantity, close, self.traded, self.cash_flow) if self.day_known else None
        object.__setattr__(self, "day_basis", basis)
        object.__setattr__(self, "earned", self.realized + self.dividends - self.fees)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Holdings:
    """An account as booked. `session_date` is the feed's, unless stocks keep hours of their own. `symbols` are those
    of its positions, and after them the `pairs` that these are converted by.

    `changed_us` is its last change (µs).
    """

    account_id: int
    cash: Decimal
    reserved: Decimal
    positions: tuple[Holding, ...]
    session_date: date | None
    changed_us: int
    on_margin: bool = False
    interest: Decimal = ZERO
    symbols: tuple[str, ...] = field(init=False, compare=False, repr=False)
    pairs: tuple[str, ...] = field(init=False, compare=False, repr=False)
    realized: Decimal = field(init=False, compare=False, repr=False)
    fees: Decimal = field(init=False, compare=False, repr=False)
    income: Decimal = field(init=False, compare=False, repr=False)
    """Dividends and interest; below zero where more was paid than came in."""
    valued: Valued | None = field(default=None, init=False, compare=False, repr=False)
    """The newest valuation: follows from the rest and the board."""

    def __post_init__(self) -> None:
        pairs = tuple(sorted({held.pair for held in self.positions if held.currency != BASE}))
        object.__setattr__(self, "pairs", pairs)
        object.__setattr__(self, "symbols", (*[held.symbol for held in self.positions], *pairs))
        object.__setattr__(self, "realized", sum([held.realized for held in self.positions], ZERO))
        object.__setattr__(self, "fees", sum([held.fees for held in self.positions], ZERO))
        income = sum([held.dividends for held in self.positions], self.interest)
        object.__setattr__(self, "income", income)


class PositionView(NamedTuple):
    """A position at the mark; a figure is None where a price, or a rate, it needs is not known. `last` is in its own
    currency, of which a unit is worth `rate` (USD)."""

    held: Holding
    stale: bool
    quote_us: int = 0
    last: Decimal | None = None
    market_value: Decimal | None = None
    weight: Decimal | None = None
    unrealized: Decimal | None = None
    unrealized_pct: Decimal | None = None
    total_pnl: Decimal | None = None
    """Realised and unrealised P&L and dividends after fees."""
    day_pnl: Decimal | None = None
    rate: Decimal = ONE


class PortfolioView(NamedTuple):
    """The account at the marks (USD). `stale_value` is what of the equity rests on old or missing prices."""

    account_id: int
    equity: Decimal
    cash: Decimal
    reserved: Decimal
    buying_power: Decimal
    market_value: Decimal
    day_pnl: Decimal | None
    day_pnl_pct: Decimal | None
    unrealized: Decimal
    realized: Decimal
    fees: Decimal
    income: Decimal
    total_pnl: Decimal | None
    """Realised and unrealised P&L, dividends and interest after fees, over all symbols."""
    stale_value: Decimal
    stale_share: Decimal | None
    cash_weight: Decimal | None
    session_date: date | None
    positions: tuple[PositionView, ...]
    open_positions: tuple[PositionView, ...]
    ts: int
    margin: Margin | None
    """None for a cash account."""

    @property
    def is_priced(self) -> bool:
        """Whether no price is missing that its figures rest on."""
        return all(each.market_value is not None for each in self.open_positions)

    @property
    def interest(self) -> Decimal:
        """Of the income what is of no symbol's shares held: below zero what was paid for borrowed cash and shares."""
        return self.income - sum([each.held.dividends for each in self.positions], ZERO)

    @property
    def gross_value(self) -> Decimal:
        """What all positions are worth, those that are owed too."""
        worths = (each.held.cost if each.market_value is None else each.market_value for each in self.open_positions)
        return sum(map(abs, worths), ZERO)

    def position(self, symbol: str) -> PositionView | None:
        return next((each for each in self.positions if each.held.symbol == symbol), None)


class Valued(NamedTuple):
    """A view and all that it follows from, besides the holdings."""

    quotes: tuple[Quote | None, ...]
    old: tuple[bool, ...]
    view: PortfolioView


def portfolio_value(holdings: Holdings, board: Quotes, now: datetime | None = None) -> PortfolioView:
    """The whole view of an account, at the newest quotes. A position without any price counts at its cost.

    While the same quotes are the newest, and none more of them is old, it is the same view: every fragment of
    the account shows one valuation.
    """
    now = now or timezone.now()
    quotes = board.latest_each(holdings.symbols)
    old = board.old(quotes, now)
    known = holdings.valued
    if known is None or known.quotes != quotes or known.old != old:
        known = Valued(quotes, old, valued_at(holdings, quotes, old))
        object.__setattr__(holdings, "valued", known)
    return known.view


def valued_at(holdings: Holdings, quotes: tuple[Quote | None, ...], old: tuple[bool, ...]) -> PortfolioView:
    """The account at these quotes, one a position and then one a pair."""
    converted_us, rates = 0, [ONE] * len(holdings.positions)
    if holdings.pairs:
        converted_us = max(quote.received_us if quote else 0 for quote in quotes[len(rates) :])
        quotes, old, rates = at_rates(holdings, quotes, old)
    worths = [worth(*each) for each in zip(holdings.positions, quotes, rates, strict=True)]
    total = equity(holdings.cash, [value for value, _ in worths])
    rows = zip(holdings.positions, quotes, worths, old, rates, strict=True)
    views = tuple([view_of(*each, total) for each in rows])
    day = sum_known([each.day_pnl for each in views])
    stale_value = sum([abs(value) for (value, _), each in zip(worths, views, strict=True) if each.stale], ZERO)
    margin = None
    if holdings.on_margin:
        held = [(each.quantity, value) for each, (value, _) in zip(holdings.positions, worths, strict=True)]
        margin = margin_of(total, holdings.reserved, held)
    total_pnl = sum_known([each.total_pnl for each in views])
    return PortfolioView(
        account_id=holdings.account_id,
        equity=total,
        cash=holdings.cash,
        reserved=holdings.reserved,
        buying_power=margin.buying_power if margin else holdings.cash - holdings.reserved,
        market_value=total - holdings.cash,
        day_pnl=day,
        day_pnl_pct=None if day is None else weight(day, total - day),
        unrealized=sum([gain for _, gain in worths], ZERO),
        realized=holdings.realized,
        fees=holdings.fees,
        income=holdings.income,
        total_pnl=None if total_pnl is None else total_pnl + holdings.interest,
        stale_value=stale_value,
        stale_share=weight(stale_value, total),
        cash_weight=weight(holdings.cash, total),
        session_date=holdings.session_date,
        positions=views,
        open_positions=tuple([each for each in views if each.held.quantity]),
        ts=max([holdings.changed_us, converted_us, *[each.quote_us for each in views]]),
        margin=margin,
    )


def at_rates(
    holdings: Holdings, quotes: tuple[Quote | None, ...], old: tuple[bool, ...]
) -> tuple[tuple[Quote | None, ...], tuple[bool, ...], list[Decimal]]:
    """For each position its quote, whether that or its rate is old, and the rate: without one there is no price."""
    held = holdings.positions
    pairs = dict(zip(holdings.pairs, zip(quotes[len(held) :], old[len(held) :], strict=True), strict=True))
    rows = []
    for each, quote, is_old in zip(held, quotes, old, strict=False):
        if each.currency == BASE:
            rows.append((quote, is_old, ONE))
            continue
        pair, pair_old = pairs[each.pair]
        rate = rate_of(pair) if pair else None
        rows.append((quote if rate else None, is_old or pair_old, rate or ONE))
    found, stale, rates = zip(*rows, strict=True)
    return found, stale, list(rates)


def product(price: Decimal | None, rate: Decimal | None) -> Decimal | None:
    return None if price is None or rate is None else price * rate


def worth(held: Holding, quote: Quote | None, rate: Decimal) -> tuple[Decimal, Decimal]:
    """What a position counts for in the equity, and its unrealised P&L: at cost while there is no price."""
    return value_position(held.quantity, held.cost, quote.mark, rate) if quote else (held.cost, ZERO)


def view_of(
    held: Holding, quote: Quote | None, worth: tuple[Decimal, Decimal], old: bool, rate: Decimal, total: Decimal
) -> PositionView:
    stale = old and bool(held.quantity)
    if quote is None and held.quantity:
        return PositionView(held, stale)
    value, unrealized = worth
    return PositionView(
        held,
        stale,
        quote.received_us if quote else 0,
        quote.mark if quote else None,
        value,
        weight(value, total),
        unrealized,
        weight(unrealized, abs(held.cost)),
        held.earned + unrealized,
        day_pnl(value, held.day_basis),
        rate,
    )


def sum_known(figures: list[Decimal | None]) -> Decimal | None:
    """The sum, or None when a part of it is not known: half a total is a wrong one."""
    known = [figure for figure in figures if figure is not None]
    return sum(known, ZERO) if len(known) == len(figures) else None
