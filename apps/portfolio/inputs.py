"""The numbers between an account's sessions and each figure of its performance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from apps.desk.money import ZERO
from apps.desk.performance import DAYS_A_YEAR, time_weighted_return
from apps.desk.performance_risk import (
    LEAST_RETURNS,
    best_day,
    deepest,
    deviation,
    downside,
    ends_of_fall,
    excess,
    mean,
    per_session,
    worst_day,
)
from apps.market.queries import PastPrice

from .basis import Basis, Row
from .measure import Given, count
from .performance import first_with
from .yardsticks import benchmark


def total_pnl(basis: Basis) -> Iterator[Given]:
    """Equity at the end − equity at the start − what was paid in, plus what was paid out."""
    yield from worth_of(basis)
    yield Given("Paid in less paid out", sum((each.flow for each in basis.record.sessions), ZERO), "signed_usd")


def worth_of(basis: Basis) -> Iterator[Given]:
    sessions = basis.record.sessions
    yield Given("Equity at the end", sessions[-1].equity if sessions else None, "usd")
    yield Given("Equity at the start", basis.record.opening, "usd")


def time_weighted(basis: Basis) -> Iterator[Given]:
    yield count("Sessions with money in them", len(basis.returns))
    yield Given("A dollar became", basis.path[-1].worth, "exact", "every return of a session, plus one, multiplied")


def money_weighted(basis: Basis) -> Iterator[Given]:
    yield from worth_of(basis)
    yield count("Deposits and withdrawals", sum(len(each.flows) for each in basis.record.sessions))
    yield from days_of(basis)


def days_of(basis: Basis) -> Iterator[Given]:
    sessions = basis.record.sessions
    yield Given("Counted from", basis.record.start, "day")
    yield Given("Counted to", sessions[-1].on if sessions else None, "day")
    yield count("Days of the calendar", basis.length, f"a year is {DAYS_A_YEAR}")


def cagr(basis: Basis) -> Iterator[Given]:
    yield Given("Time-weighted return", time_weighted_return(basis.days), "exact")
    yield from days_of(basis)


def max_drawdown(basis: Basis) -> Iterator[Given]:
    fall, ends = deepest(basis.path), ends_of_fall(basis.path)
    if fall is None or ends is None:
        yield Given("A dollar at its lowest below its best", None, "exact", "it never was below its best")
        return
    top, bottom = (basis.path[at] for at in ends)
    yield Given("Peak", fall.peak, "day")
    yield Given("A dollar at the peak", top.worth, "exact")
    yield Given("Trough", fall.trough, "day")
    yield Given("A dollar at the trough", bottom.worth, "exact")
    yield Given("Recovered", fall.recovered, "day", "" if fall.recovered else "not yet")
    yield count("Days from the peak on", fall.days)


def current_drawdown(basis: Basis) -> Iterator[Given]:
    best = max(basis.path, key=lambda level: level.worth)
    yield Given("Best", best.on, "day")
    yield Given("A dollar at its best", best.worth, "exact")
    yield Given("A dollar at the end", basis.path[-1].worth, "exact")


def volatility(basis: Basis) -> Iterator[Given]:
    yield returns_in(basis)
    if len(basis.returns) > 1:
        yield Given("Mean of the returns", mean(basis.returns), "exact")
        yield Given("Standard deviation of the returns", deviation(basis.returns), "exact", "n − 1")
    yield count("Sessions a year", basis.measure.sessions_a_year)


def returns_in(basis: Basis) -> Given:
    return count("Returns", len(basis.returns), f"at least {LEAST_RETURNS} are needed")


def free_of(basis: Basis) -> Iterator[Given]:
    rate, a_year = basis.measure
    yield count("Sessions a year", a_year)
    yield Given("Risk-free rate, a year", rate, "exact")
    yield Given("Risk-free rate, a session", per_session(rate, a_year), "exact", "(1 + a year's)^(1 / sessions) − 1")


def above_of(basis: Basis) -> list[Decimal]:
    rate, a_year = basis.measure
    return excess(basis.returns, a_year, rate)


def downside_deviation(basis: Basis) -> Iterator[Given]:
    above = above_of(basis)
    yield returns_in(basis)
    yield count("Returns below the risk-free rate", sum(each < 0 for each in above))
    if above:
        yield Given("Downside of a session", downside(above), "exact", "√(Σ min(0, return − risk-free)² / n)")
    yield from free_of(basis)


def sharpe_ratio(basis: Basis) -> Iterator[Given]:
    above = above_of(basis)
    yield returns_in(basis)
    if len(above) > 1:
        yield Given("Mean of return − risk-free", mean(above), "exact")
        yield Given("Standard deviation of the same", deviation(above), "exact", "n − 1")
    yield from free_of(basis)


def sortino_ratio(basis: Basis) -> Iterator[Given]:
    above = above_of(basis)
    if above:
        yield Given("Mean of return − risk-free", mean(above), "exact")
    yield from downside_deviation(basis)


def highest(basis: Basis) -> Iterator[Given]:
    yield Given("Session", first_with(basis.days, best_day(basis.returns)), "day")
    yield count("Sessions with money in them", len(basis.returns))


def lowest(basis: Basis) -> Iterator[Given]:
    yield Given("Session", first_with(basis.days, worst_day(basis.returns)), "day")
    yield count("Sessions with money in them", len(basis.returns))


def benchmark_return(basis: Basis) -> Iterator[Given]:
    found = benchmark(basis.record.begins_at, basis.record.ends_at)
    yield Given("Price at the start", found.first and found.first.price, "exact", of(found.first))
    yield Given("Price at the end", found.last and found.last.price, "exact", of(found.last))
    yield Given("Shares that one became", found.split, "exact", "splits between the two")
    for each in found.paid:
        yield Given(f"Dividend of {each.ex_date:%-d %b %Y}", each.dividend, "exact", "a share")
        yield Given("Price before it", each.before.price, "exact", of(each.before))


def pnl_of_sessions(rows: Sequence[Row]) -> Iterator[Given]:
    """Of some of them; they need not follow each other."""
    rose = sum((row.equity - row.opening for row in rows), ZERO)
    yield count("Sessions", len(rows))
    yield Given("What equity rose by in them", rose, "signed_usd", "at the end of each less before it")
    yield Given("Paid in less paid out", sum((row.flow for row in rows), ZERO), "signed_usd")


def of(price: PastPrice | None) -> str:
    return f"of {price.at:%-d %b %Y %H:%M:%S} UTC" if price else "none is on record"


INPUTS: dict[str, Callable[[Basis], Iterator[Given]]] = {
    "total_pnl": total_pnl,
    "time_weighted_return": time_weighted,
    "money_weighted_return": money_weighted,
    "cagr": cagr,
    "max_drawdown": max_drawdown,
    "current_drawdown": current_drawdown,
    "volatility": volatility,
    "downside_deviation": downside_deviation,
    "sharpe_ratio": sharpe_ratio,
    "sortino_ratio": sortino_ratio,
    "best_day": highest,
    "worst_day": lowest,
    "benchmark_return": benchmark_return,
}
