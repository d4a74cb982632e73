"""What an account is worth: one place for each figure, and every screen reads it here. No SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from django.utils import timezone

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
    """One position as booked. `traded` (shares, signed) and `cash_flow` (USD) are the session's own.

    `closed_on` is the session whose close its day counts from, where its instrument keeps hours.

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
    avg_px: Decimal | None = field(init=False, compare=False, repr=False)
    day_basis: Decimal | None = field(init=False, compare=False, repr=False)
    earned: Decimal = field(init=False, compare=False, repr=False)
    """Realised P&L and dividends after fees."""
    drawn: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Its cells that no quote moves, by the name of what draws them."""

    def __post_init__(self) -> None:
        average = average_price(self.cost / self.quantity) if self.quantity else None
        object.__setattr__(self, "avg_px", average)
        basis = day_basis(self.quantity, self.previous_close, self.traded, self.cash_flow)
        object.__setattr__(self, "day_basis", basis)
        object.__setattr__(self, "earned", self.realized + self.dividends - self.fees)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Holdings:
    """An account as booked. `session_date` is the feed's, unless stocks keep hours of their own.

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
    realized: Decimal = field(init=False, compare=False, repr=False)
    fees: Decimal = field(init=False, compare=False, repr=False)
    income: Decimal = field(init=False, compare=False, repr=False)
    """Dividends and interest; below zero where more was paid than came in."""
    valued: Valued | None = field(default=None, init=False, compare=False, repr=False)
    """The newest valuation: follows from the rest and the board."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", tuple([held.symbol for held in self.positions]))
        object.__setattr__(self, "realized", sum([held.realized for held in self.positions], ZERO))
        object.__setattr__(self, "fees", sum([held.fees for held in self.positions], ZERO))
        income = sum([held.dividends for held in self.positions], self.interest)
        object.__setattr__(self, "income", income)


class PositionView(NamedTuple):
    """A position at the mark; a figure is None where a price it needs is not known."""

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
    """The account at these quotes, one a position."""
    worths = [worth(held, quote) for held, quote in zip(holdings.positions, quotes, strict=True)]
    total = equity(holdings.cash, [value for value, _ in worths])
    views = tuple([view_of(*each, total) for each in zip(holdings.positions, quotes, worths, old, strict=True)])
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
        ts=max([holdings.changed_us, *[each.quote_us for each in views]]),
        margin=margin,
    )


def worth(held: Holding, quote: Quote | None) -> tuple[Decimal, Decimal]:
    """What a position counts for in the equity, and its unrealised P&L: at cost while there is no price."""
    return value_position(held.quantity, held.cost, quote.mark) if quote else (held.cost, ZERO)


def view_of(
    held: Holding, quote: Quote | None, worth: tuple[Decimal, Decimal], old: bool, total: Decimal
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
    )


def sum_known(figures: list[Decimal | None]) -> Decimal | None:
    """The sum, or None when a part of it is not known: half a total is a wrong one."""
    known = [figure for figure in figures if figure is not None]
    return sum(known, ZERO) if len(known) == len(figures) else None
