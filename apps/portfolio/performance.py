"""How an account has done over a span, as a trader reads it: figures with their meaning, days, weekdays, symbols."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings

from apps.desk.money import ZERO
from apps.desk.performance import (
    DayResult,
    cagr,
    day_results,
    money_weighted_return,
    returns_of,
    time_weighted_return,
    total_pnl,
)
from apps.desk.performance_risk import (
    Drawdown,
    Level,
    best_day,
    current_drawdown,
    deepest,
    downside_deviation,
    levels,
    max_drawdown,
    sharpe_ratio,
    sortino_ratio,
    volatility,
    worst_day,
)
from apps.desk.performance_trades import WEEKDAYS
from apps.desk.performance_words import figures, rounded
from apps.market.queries import market_state

from .measure import Measured
from .models import Account
from .sessions import Record, load_record, realized_by_symbol
from .yardsticks import benchmark, risk_free, sessions_a_year

SPANS = {"1m": "1 month", "3m": "3 months", "ytd": "Year to date", "1y": "1 year", "all": "All"}
MONTHS = {"1m": 1, "3m": 3, "1y": 12}


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    pnl: Decimal
    gained: Decimal | None
    below: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """What a weekday or a symbol earned (USD); `days` is how many sessions of that weekday there were."""

    name: str
    pnl: Decimal
    days: int = 0


@dataclass(frozen=True, slots=True)
class Performance:
    """`closed` is how many sessions have ended in the span; the newest day may still run."""

    start: date
    figures: tuple[Measured, ...]
    days: tuple[Day, ...]
    weekdays: tuple[Part, ...]
    symbols: tuple[Part, ...]
    others: tuple[Part, ...]
    total: Decimal
    closed: int
    stale_share: Decimal | None
    """What of the equity now rests on old or missing prices."""
    after: int
    """The journal before the span."""


def performance_of(account: Account, span: str, now: datetime) -> Performance:
    """The account from the last close before the span, or from its own beginning, until now.

    Raises KeyError for an unknown span.
    """
    state = market_state()
    since = begin_of(span, state.session_date or now.date())
    record = load_record(account, since, state.session_date, now)
    days = day_results(record.sessions, record.opening)
    path = levels(record.start, days)
    worth = zip(days, path[1:], strict=True)
    total = total_pnl(days) or ZERO
    symbols = tuple(Part(*each) for each in realized_by_symbol(account.pk, record.after))
    return Performance(
        start=record.start,
        figures=measured(record, days, path, sessions_a_year(state)),
        days=tuple(Day(day.on, day.pnl, gained(day), level.below) for day, level in worth),
        weekdays=by_weekday(days),
        symbols=symbols,
        others=not_of_symbols(record, symbols, total),
        total=total,
        closed=record.closed,
        stale_share=record.stale_share,
        after=record.after,
    )


def begin_of(span: str, today: date) -> date | None:
    """The day whose close a span is counted from; None: all there is. Raises KeyError for an unknown span."""
    if span == "all":
        return None
    if span == "ytd":
        return date(today.year - 1, 12, 31)
    months = today.year * 12 + today.month - 1 - MONTHS[span]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def measured(record: Record, days: Sequence[DayResult], path: Sequence[Level], a_year: int) -> tuple[Measured, ...]:
    """Every figure that needs no closed trades, in the order they are read."""
    returns, rate = returns_of(days), risk_free(settings.RISK_FREE)
    weighted = time_weighted_return(days)
    length = (record.sessions[-1].on - record.start).days if record.sessions else 0
    found: dict[str, tuple[Decimal | None, str]] = {
        "total_pnl": (total_pnl(days), ""),
        "time_weighted_return": (weighted, ""),
        "money_weighted_return": (money_weighted_return(record.start, record.opening, record.sessions), ""),
        "cagr": (cagr(weighted, length), ""),
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
        found["benchmark_return"] = held_beside(record)
    return tuple(Measured(figures[key], value, note) for key, (value, note) in found.items())


def held_beside(record: Record) -> tuple[Decimal | None, str]:
    """The benchmark's return, and its name."""
    gained, symbol = benchmark(record.begins_at, record.ends_at), str(settings.BENCHMARK)
    return gained, symbol if gained is not None else f"No history of {symbol}"


def in_words(fall: Drawdown | None) -> str:
    """From when to when, and how long."""
    if fall is None:
        return ""
    end = f"recovered {written(fall.recovered)}" if fall.recovered else "not recovered yet"
    return f"{written(fall.peak)} to {written(fall.trough)}, {end}; {fall.days} day{'' if fall.days == 1 else 's'}"


def day_of(days: Sequence[DayResult], returned: Decimal | None) -> str:
    """The first day with that return; none of None."""
    found = (day.on for day in days if (own := gained(day)) is not None and rounded(own) == returned)
    return next(map(written, found), "")


def gained(day: DayResult) -> Decimal | None:
    return next(iter(returns_of([day])), None)


def written(day: date) -> str:
    return f"{day:%-d %b %Y}"


def by_weekday(days: Sequence[DayResult]) -> tuple[Part, ...]:
    """Weekdays that had a session; they add up to the whole."""
    parts = []
    for number, name in enumerate(WEEKDAYS):
        pnls = [day.pnl for day in days if day.on.weekday() == number]
        if pnls:
            parts.append(Part(name, sum(pnls, ZERO), len(pnls)))
    return tuple(parts)


def not_of_symbols(record: Record, symbols: Sequence[Part], total: Decimal) -> tuple[Part, ...]:
    """What besides sales changed the equity: with the symbols it adds up to the whole."""
    rest = total - record.unrealized_change - sum((each.pnl for each in symbols), ZERO)
    return (Part("Change of unrealised P&L", record.unrealized_change), *([Part("Other", rest)] if rest else []))
