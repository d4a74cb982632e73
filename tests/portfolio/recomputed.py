"""Every figure of performance a second time, in plain floats and fractions, from what its receipt shows alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from math import sqrt
from statistics import fmean, stdev
from typing import Any

Given = dict[str, Any]
Rows = Sequence[Any]


def returns(rows: Rows) -> list[Fraction]:
    """Oldest first: each stretch between flows by itself."""
    found = []
    for row in rows:
        growth, base = Fraction(1), Fraction(row.opening)
        for flow in row.flows:
            if flow.before is not None:
                growth *= Fraction(flow.before) / base if base > 0 else 1
                base = Fraction(flow.before)
            base += Fraction(flow.amount)
        found.append(growth * Fraction(row.equity) / base - 1)
    return found


def path(rows: Rows) -> list[Fraction]:
    worth = [Fraction(1)]
    for each in returns(rows):
        worth.append(worth[-1] * (1 + each))
    return worth


def above(rows: Rows, given: Given) -> list[float]:
    free = (1 + float(given["Risk-free rate, a year"])) ** (1 / float(given["Sessions a year"])) - 1
    return [float(each) - free for each in returns(rows)]


def root(given: Given) -> float:
    return sqrt(given["Sessions a year"])


def downside(values: Sequence[float]) -> float:
    return sqrt(sum(min(0.0, each) ** 2 for each in values) / len(values))


def money_weighted(rows: Rows, given: Given) -> float:
    """By halving, over years of 365 days."""
    start, end = given["Counted from"], given["Counted to"]
    paid: list[tuple[date, float]] = [(start, float(rows[0].opening))]
    paid += [(flow.on, float(flow.amount)) for row in rows for flow in row.flows]
    years = 365 if (end - start).days > 365 else (end - start).days

    def surplus(rate: float) -> float:
        grown = sum(usd * (1 + rate) ** ((end - max(on, start)).days / years) for on, usd in paid)
        return grown - float(rows[-1].equity)

    low, high = -0.999, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) < 0 else (low, middle)
    return low


def fall(rows: Rows) -> Fraction:
    worth = path(rows)
    return max(1 - later / earlier for at, earlier in enumerate(worth) for later in worth[at:])


def reinvested(given: Given) -> Fraction:
    """Of one dividend at most, put back at the price before it."""
    growth = Fraction(given["Price at the end"]) * Fraction(given["Shares that one became"])
    growth /= Fraction(given["Price at the start"])
    paid = [Fraction(value) for label, value in given.items() if label.startswith("Dividend of")]
    return growth / (1 - paid[0] / Fraction(given["Price before it"])) if paid else growth


def nets(trades: Rows, sign: int) -> list[Fraction]:
    found = [Fraction(each.sold) - Fraction(each.bought) - Fraction(each.commission) for each in trades]
    return [net for net in found if net * sign > 0 or sign == 0]


def average(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


FROM_ROWS: dict[str, Callable[[Rows, Given], Any]] = {
    "total_pnl": lambda rows, given: rows[-1].equity - rows[0].opening - sum(row.flow for row in rows),
    "time_weighted_return": lambda rows, given: path(rows)[-1] - 1,
    "money_weighted_return": money_weighted,
    "cagr": lambda rows, given: float(path(rows)[-1]) ** (365 / float(given["Days of the calendar"])) - 1,
    "max_drawdown": lambda rows, given: fall(rows),
    "current_drawdown": lambda rows, given: 1 - path(rows)[-1] / max(path(rows)),
    "volatility": lambda rows, given: stdev(map(float, returns(rows))) * root(given),
    "downside_deviation": lambda rows, given: downside(above(rows, given)) * root(given),
    "sharpe_ratio": lambda rows, given: fmean(above(rows, given)) / stdev(above(rows, given)) * root(given),
    "sortino_ratio": lambda rows, given: fmean(above(rows, given)) / downside(above(rows, given)) * root(given),
    "best_day": lambda rows, given: max(returns(rows)),
    "worst_day": lambda rows, given: min(returns(rows)),
    "win_rate": lambda trades, given: Fraction(len(nets(trades, 1)), len(trades)),
    "net_pnl": lambda trades, given: sum(nets(trades, 0)),
    "profit_factor": lambda trades, given: sum(nets(trades, 1)) / -sum(nets(trades, -1)),
    "expectancy": lambda trades, given: average(nets(trades, 0)),
    "average_win": lambda trades, given: average(nets(trades, 1)),
    "average_loss": lambda trades, given: average(nets(trades, -1)),
    "average_holding": lambda trades, given: fmean(
        (each.closed_at - each.opened_at).total_seconds() for each in trades
    ),
}

FROM_INPUTS: dict[str, Callable[[Given], Any]] = {
    "total_pnl": lambda given: (
        given["Equity at the end"] - given["Equity at the start"] - given["Paid in less paid out"]
    ),
    "time_weighted_return": lambda given: given["A dollar became"] - 1,
    "cagr": lambda given: float(1 + given["Time-weighted return"]) ** (365 / float(given["Days of the calendar"])) - 1,
    "max_drawdown": lambda given: 1 - given["A dollar at the trough"] / given["A dollar at the peak"],
    "current_drawdown": lambda given: 1 - given["A dollar at the end"] / given["A dollar at its best"],
    "volatility": lambda given: float(given["Standard deviation of the returns"]) * root(given),
    "downside_deviation": lambda given: float(given["Downside of a session"]) * root(given),
    "sharpe_ratio": lambda given: (
        float(given["Mean of return − risk-free"] / given["Standard deviation of the same"]) * root(given)
    ),
    "sortino_ratio": lambda given: (
        float(given["Mean of return − risk-free"] / given["Downside of a session"]) * root(given)
    ),
    "benchmark_return": lambda given: reinvested(given) - 1,
    "win_rate": lambda given: given["Trades that won"] / given["Closed trades"],
    "net_pnl": lambda given: given["What winners earned"] + given["What losers lost"],
    "profit_factor": lambda given: given["What winners earned"] / given["What losers lost"],
    "expectancy": lambda given: given["Net P&L of all closed trades"] / given["Closed trades"],
    "average_win": lambda given: given["What winners earned"] / given["Trades that won"],
    "average_loss": lambda given: given["What losers lost"] / given["Trades that lost"],
    "average_holding": lambda given: given["Held in all"].total_seconds() / float(given["Closed trades"]),
}
