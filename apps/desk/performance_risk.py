"""How rough the way was: drawdowns and the spread of the sessions' returns. Decimal roots, rounded at last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .money import ZERO
from .performance import ONE, DayResult
from .performance_words import figure, rounded

LEAST_RETURNS = 20  # a month of sessions: what a spread worked out from fewer says of a year is an invention


@dataclass(frozen=True, slots=True)
class Drawdown:
    """A fall from a peak: how deep (a share of the peak, 0 to 1), and when. `recovered` is None while it lasts."""

    depth: Decimal
    peak: date
    trough: date
    recovered: date | None
    days: int
    """From the peak to the recovery, or to the newest close."""


@dataclass(frozen=True, slots=True)
class Level:
    """A dollar that was there from the start, at a close: its worth, and how far that is below its best (0 to 1)."""

    on: date
    worth: Decimal
    below: Decimal


def levels(start: date, days: Sequence[DayResult]) -> list[Level]:
    """The path of a dollar, its start first: deposits and withdrawals do not move it."""
    worth = best = ONE
    path = [Level(start, ONE, ZERO)]
    for day in days:
        worth *= ONE if day.growth is None else day.growth
        best = max(best, worth)
        path.append(Level(day.on, worth, ONE - worth / best))
    return path


def deepest(path: Sequence[Level]) -> Drawdown | None:
    """The deepest fall, the first of equals; None while there was none."""
    if (ends := ends_of_fall(path)) is None:
        return None
    top, bottom = ends
    back = next((level.on for level in path[bottom:] if not level.below), None)
    lasted = ((back or path[-1].on) - path[top].on).days
    return Drawdown(rounded(path[bottom].below), path[top].on, path[bottom].on, back, lasted)


def ends_of_fall(path: Sequence[Level]) -> tuple[int, int] | None:
    """Where in the path the peak and the trough of the deepest fall are."""
    peak = worst = None
    for at, level in enumerate(path):
        if not level.below:
            peak = at
        elif peak is not None and (worst is None or level.below > path[worst[1]].below):
            worst = (peak, at)
    return worst


@figure("Largest drawdown", "pct")
def max_drawdown(path: Sequence[Level]) -> Decimal | None:
    """The deepest fall from a peak to a later trough, as a share of the peak, at closes: 1 − worth / best worth
    before, of a dollar that was there from the start, so that deposits and withdrawals neither make nor hide one.

    None until a session has begun with money in the account.

    Source: Magdon-Ismail and Atiya, Maximum Drawdown (2004); checked against empyrical's own figures.
    """
    return rounded(max(level.below for level in path)) if len(path) > 1 else None


@figure("Drawdown now", "pct")
def current_drawdown(path: Sequence[Level]) -> Decimal | None:
    """How far a dollar that was there from the start is below its best now.

    None until a session has begun with money in the account.

    Source: as the largest drawdown, at the newest valuation.
    """
    return rounded(path[-1].below) if len(path) > 1 else None


@figure("Volatility", "pct")
def volatility(returns: Sequence[Decimal], a_year: int, least: int = LEAST_RETURNS) -> Decimal | None:
    """How much the sessions' returns spread, for a year: their sample standard deviation (n − 1) × √ sessions a year,
    252 for a market with exchange hours, 365 for one open around the clock.

    None before twenty sessions.

    Source: GIPS 2020 glossary (standard deviation, annualised by the root of the periods); checked against empyrical's
    own figures.
    """
    if len(returns) < max(least, 2):
        return None
    return rounded(deviation(returns) * Decimal(a_year).sqrt())


@figure("Downside deviation", "pct")
def downside_deviation(
    returns: Sequence[Decimal], a_year: int, risk_free: Decimal = ZERO, least: int = LEAST_RETURNS
) -> Decimal | None:
    """As volatility, of losses alone: √(Σ min(0, return − risk-free)² / n) × √ sessions a year. Every session counts
    in n, also those that did not lose.

    None before twenty sessions.

    Source: Rollinger and Hoffman, Sortino: A “Sharper” Ratio (Red Rock Capital, 2013); checked against empyrical's
    own figures.
    """
    if len(returns) < max(least, 1):
        return None
    return rounded(downside(excess(returns, a_year, risk_free)) * Decimal(a_year).sqrt())


@figure("Sharpe ratio", "number")
def sharpe_ratio(
    returns: Sequence[Decimal], a_year: int, risk_free: Decimal = ZERO, least: int = LEAST_RETURNS
) -> Decimal | None:
    """Return above the risk-free rate for each unit of spread: mean(return − risk-free) / sample standard deviation of
    the same × √ sessions a year. The risk-free rate is a setting, a year's, taken per session.

    None before twenty sessions, and where all returns are the same.

    Source: Sharpe, The Sharpe Ratio (Journal of Portfolio Management, 1994); checked against empyrical's own figures.
    """
    if len(returns) < max(least, 2):
        return None
    above = excess(returns, a_year, risk_free)
    spread = deviation(above)
    return rounded(mean(above) / spread * Decimal(a_year).sqrt()) if rounded(spread) else None


@figure("Sortino ratio", "number")
def sortino_ratio(
    returns: Sequence[Decimal], a_year: int, risk_free: Decimal = ZERO, least: int = LEAST_RETURNS
) -> Decimal | None:
    """Return above the risk-free rate for each unit of downside: as the Sharpe ratio, divided by the downside
    deviation instead.

    None before twenty sessions, and where no session lost.

    Source: Rollinger and Hoffman, Sortino: A “Sharper” Ratio (Red Rock Capital, 2013); checked against empyrical's
    own figures.
    """
    if len(returns) < max(least, 1):
        return None
    above = excess(returns, a_year, risk_free)
    down = downside(above)
    return rounded(mean(above) / down * Decimal(a_year).sqrt()) if rounded(down) else None


@figure("Best day", "signed_pct")
def best_day(returns: Sequence[Decimal]) -> Decimal | None:
    """The highest return of one session.

    None until a session has begun with money in the account.

    Source: the sessions' returns, as they are linked in the time-weighted return.
    """
    return rounded(max(returns)) if returns else None


@figure("Worst day", "signed_pct")
def worst_day(returns: Sequence[Decimal]) -> Decimal | None:
    """The lowest return of one session.

    None until a session has begun with money in the account.

    Source: the sessions' returns, as they are linked in the time-weighted return.
    """
    return rounded(min(returns)) if returns else None


def excess(returns: Sequence[Decimal], a_year: int, risk_free: Decimal) -> list[Decimal]:
    """Returns above the risk-free rate of a session."""
    free = per_session(risk_free, a_year)
    return [each - free for each in returns]


def per_session(risk_free: Decimal, a_year: int) -> Decimal:
    """A year's rate for one session: (1 + a year's)^(1 / sessions a year) − 1."""
    return (ONE + risk_free) ** (ONE / a_year) - ONE


def mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, ZERO) / len(values)


def deviation(values: Sequence[Decimal]) -> Decimal:
    """The sample standard deviation."""
    middle = mean(values)
    return (sum(((each - middle) ** 2 for each in values), ZERO) / (len(values) - 1)).sqrt()


def downside(values: Sequence[Decimal]) -> Decimal:
    """The root of the mean square of what is below zero, over all."""
    return mean([min(ZERO, each) ** 2 for each in values]).sqrt()
