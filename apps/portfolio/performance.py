"""How an account has done over a span, as a trader reads it: figures with their meaning, days, weekdays, symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings

from apps.desk.money import ZERO
from apps.desk.performance import (
    DayResult,
    cagr,
    money_weighted_return,
    time_weighted_return,
    total_pnl,
)
from apps.desk.performance_risk import (
    Drawdown,
    best_day,
    current_drawdown,
    deepest,
    downside_deviation,
    max_drawdown,
    sharpe_ratio,
    sortino_ratio,
    volatility,
    worst_day,
)
from apps.desk.performance_symbols import other_pnl, realized_since, symbol_pnl, symbol_unrealized
from apps.desk.performance_trades import WEEKDAYS
from apps.desk.performance_words import figures, rounded
from apps.market.quotes import board

from .basis import Basis, Row, basis_of, gained
from .measure import Measured, day, measures, name_of
from .models import Account
from .queries import load_holdings
from .sessions import Record, realized_by_symbol
from .value import portfolio_value
from .yardsticks import benchmark


@dataclass(frozen=True, slots=True)
class Part:
    """What a weekday, or a source of P&L, earned (USD); `days` is how many sessions of that weekday there were,
    `receipt` what the receipt of that source is called in an address."""

    name: str
    pnl: Decimal
    days: int = 0
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class OfSymbol:
    """What a symbol earned (USD): None for what was not traded in the span, or has no price."""

    name: str
    realized: Decimal | None
    unrealized: Decimal | None
    pnl: Decimal | None


@dataclass(frozen=True, slots=True)
class Performance:
    """`closed` is how many sessions have ended in the span; the newest day may still run."""

    start: date
    figures: tuple[Measured, ...]
    days: tuple[Row, ...]
    weekdays: tuple[Part, ...]
    symbols: tuple[OfSymbol, ...]
    all_symbols: OfSymbol
    sources: tuple[Part, ...]
    """Where the P&L of the span came from: they add up to `total`."""
    total: Decimal
    closed: int
    stale_share: Decimal | None
    """What of the newest equity rests on old or missing prices."""
    after: int
    """The journal before the span."""


def performance_of(account: Account, span: str, now: datetime) -> Performance:
    """The account from the last close before the span, or from its own beginning, until now.

    Raises KeyError for an unknown span.
    """
    basis = basis_of(account, span, now)
    record, days = basis.record, basis.days
    total = total_pnl(days) or ZERO
    symbols = symbols_of(account, record, now)
    return Performance(
        start=record.start,
        figures=measured(basis),
        days=tuple(basis.rows),
        weekdays=by_weekday(days),
        symbols=symbols,
        all_symbols=together(symbols),
        sources=sources_of(account, record, symbols, total),
        total=total,
        closed=record.closed,
        stale_share=record.stale_share,
        after=record.after,
    )


def measured(basis: Basis) -> tuple[Measured, ...]:
    """Every figure that needs no closed trades, in the order they are read."""
    record, days, path, returns = basis.record, basis.days, basis.path, basis.returns
    weighted, (rate, a_year) = time_weighted_return(days), basis.measure
    found: dict[str, tuple[Decimal | timedelta | None, str]] = {
        "total_pnl": (total_pnl(days), ""),
        "time_weighted_return": (weighted, ""),
        "money_weighted_return": (money_weighted_return(record.start, record.opening, record.sessions), ""),
        "cagr": (cagr(weighted, basis.length), ""),
        "max_drawdown": (max_drawdown(path) if returns else None, in_words(deepest(path))),
        "current_drawdown": (current_drawdown(path) if returns else None, ""),
        "volatility": (volatility(returns, a_year), ""),
        "downside_deviation": (downside_deviation(returns, a_year, rate), ""),
        "sharpe_ratio": (sharpe_ratio(returns, a_year, rate), ""),
        "sortino_ratio": (sortino_ratio(returns, a_year, rate), ""),
        "best_day": (best_day(returns), day_of(days, best_day(returns))),
        "worst_day": (worst_day(returns), day_of(days, worst_day(returns))),
    }
    if settings.BENCHMARK:
        beside = benchmark(record.begins_at, record.ends_at)
        found["benchmark_return"] = beside.gained, beside.note
    return measures(found)


def in_words(fall: Drawdown | None) -> str:
    """From when to when, and how long."""
    if fall is None:
        return ""
    end = f"recovered {day(fall.recovered)}" if fall.recovered else "not recovered yet"
    return f"{day(fall.peak)} to {day(fall.trough)}, {end}; {fall.days} day{'' if fall.days == 1 else 's'}"


def day_of(days: Sequence[DayResult], returned: Decimal | None) -> str:
    found = first_with(days, returned)
    return day(found) if found else ""


def first_with(days: Sequence[DayResult], returned: Decimal | None) -> date | None:
    """The first day with that return; none of None."""
    found = (each.on for each in days if (own := gained(each)) is not None and rounded(own) == returned)
    return next(found, None)


def by_weekday(days: Sequence[DayResult]) -> tuple[Part, ...]:
    """Weekdays that had a session; they add up to the whole."""
    parts = []
    for number, name in enumerate(WEEKDAYS):
        pnls = [day.pnl for day in days if day.on.weekday() == number]
        if pnls:
            parts.append(Part(name, sum(pnls, ZERO), len(pnls)))
    return tuple(parts)


def symbols_of(account: Account, record: Record, now: datetime) -> tuple[OfSymbol, ...]:
    """What was traded since a span began or is open now, the best first."""
    realized = dict(realized_by_symbol(account.pk, record.after))
    view = record.view or portfolio_value(load_holdings(account.pk), board, now)
    unrealized = {
        each.held.symbol: symbol_unrealized(each.market_value, each.held.cost) for each in view.open_positions
    }
    found = []
    for name in sorted({*realized, *unrealized}):
        gained, open_now = realized.get(name), unrealized.get(name, ZERO)
        found.append(OfSymbol(name, gained, open_now, symbol_pnl(gained, open_now)))
    return tuple(sorted(found, key=lambda each: (each.pnl is None, -(each.pnl or ZERO))))


def together(symbols: Sequence[OfSymbol]) -> OfSymbol:
    """All of them; a part that is not known leaves the whole unknown."""
    realized = sum((each.realized or ZERO for each in symbols), ZERO)
    unrealized = [each.unrealized for each in symbols if each.unrealized is not None]
    whole = sum(unrealized, ZERO) if len(unrealized) == len(symbols) else None
    return OfSymbol("All symbols", realized, whole, symbol_pnl(realized, whole))


def sources_of(
    account: Account, record: Record, symbols: Sequence[OfSymbol], total: Decimal, reach: int | None = None
) -> tuple[Part, ...]:
    """What was realised up to the journal `reach`, or now, how much the rest changed, and what else came or went. What
    came after the close that the span ends with is no part of its P&L."""
    realized, change, end = together(symbols).realized or ZERO, record.unrealized_change, record.ends_with
    later = realized_by_symbol(account.pk, end.last_journal_id or 0, reach) if end else []
    since = realized_since(sum((gained for _, gained in later), ZERO))
    more = {"realized_since": since, "other_pnl": other_pnl(total, realized, change, since)}
    return (
        Part("Realised, by all symbols", realized, receipt=name_of("symbol_realized")),
        source("unrealized_change", change),
        *(source(key, pnl) for key, pnl in more.items() if pnl),
    )


def source(key: str, pnl: Decimal) -> Part:
    return Part(figures[key].label, pnl, receipt=name_of(key))
