"""Risk: the figures of empyrical's own tests and of published examples, and brute force."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.performance import DayResult
from apps.desk.performance_risk import (
    LEAST_RETURNS,
    Drawdown,
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

START = date(2026, 1, 1)
MIXED = [Decimal(each) / 100 for each in (1, 10, -4, 2, 3, 2, 1, -10)]
FALLING = [Decimal(each) / 100 for each in (0, -6, -7, -1, -9, -2, -6, -8, -5)]
RED_ROCK = [Decimal(each) / 100 for each in (17, 15, 23, -5, 12, 9, 13, -4)]
PERCENTS = st.lists(st.decimals("-1", "0.5", places=3), min_size=1, max_size=15)


def days(returns: list[Decimal]) -> list[DayResult]:
    return [DayResult(on(number), Decimal(0), 1 + each) for number, each in enumerate(returns, start=1)]


def on(day: int) -> date:
    return START + timedelta(days=day)


def worths(*values: int) -> list[DayResult]:
    """Days that take a dollar from one to the next of these values."""
    return days([Decimal(after) / before - 1 for before, after in pairwise(values)])


def near(value: Decimal | None, wanted: str) -> bool:
    given = Decimal(wanted)
    return value is not None and value.quantize(given) == given


# Published figures


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (volatility(MIXED, 252, least=2), "0.913646540"),
        (downside_deviation(MIXED, 252, least=1), "0.6044832504"),
        (sharpe_ratio(MIXED, 252, least=2), "1.7238613962"),
        (sharpe_ratio(FALLING, 252, least=2), "-24.4068086339"),
        (sortino_ratio(MIXED, 252, least=1), "2.6055312517"),
        (max_drawdown(levels(START, days(MIXED))), "0.1"),
        (max_drawdown(levels(START, days(FALLING[1:]))), "0.3659073035"),
    ],
)
def test_figures_of_empyricals_own_tests(found: Decimal, wanted: str) -> None:
    assert near(found, wanted)


def test_sortino_of_eight_years() -> None:
    """Red Rock Capital: returns of eight years, target nought: 2.264% and 4.417."""
    assert near(downside_deviation(RED_ROCK, 1, least=1), "0.02264")
    assert near(sortino_ratio(RED_ROCK, 1, least=1), "4.417")


def test_drawdown_of_a_fund() -> None:
    """Investopedia, Maximum Drawdown: 500, 750, 400, 600, 350, 800 fell by 53.33%."""
    path = levels(START, worths(500, 750, 400, 600, 350, 800))

    assert near(max_drawdown(path), "0.5333")
    assert deepest(path) == Drawdown(max_drawdown(path), on(1), on(4), on(5), 4)
    assert current_drawdown(path) == 0


# When, and for how long


def test_drawdown_that_lasts_counts_to_the_newest_close() -> None:
    path = levels(START, worths(100, 90, 95, 80, 99))

    assert deepest(path) == Drawdown(Decimal("0.2"), START, on(3), None, 4)
    assert current_drawdown(path) == Decimal("0.01")


def test_first_of_equal_drawdowns_is_told() -> None:
    found = deepest(levels(START, worths(100, 50, 100, 50)))

    assert found is not None
    assert (found.peak, found.trough, found.recovered, found.days) == (START, on(1), on(2), 2)


def test_way_up_has_no_drawdown() -> None:
    path = levels(START, worths(100, 101, 101, 120))

    assert (max_drawdown(path), current_drawdown(path), deepest(path)) == (0, 0, None)


def test_day_without_money_moves_nothing() -> None:
    quiet = DayResult(on(1), Decimal(0), None)

    assert [level.worth for level in levels(START, [quiet, *days([Decimal("-0.5")])])] == [1, 1, Decimal("0.5")]


# Too little to say anything


def test_no_figure_of_too_few_sessions() -> None:
    few, flat = [Decimal("0.01"), Decimal("-0.01")] * 9 + [Decimal("0.01")], [Decimal("0.01")] * LEAST_RETURNS

    assert len(few) == LEAST_RETURNS - 1
    for work in (volatility, downside_deviation, sharpe_ratio, sortino_ratio):
        assert work(few, 252) is None
        assert work([*few, Decimal("-0.01")], 252) is not None
    assert (sharpe_ratio(flat, 252), sortino_ratio(flat, 252)) == (None, None)
    assert (volatility(flat, 252), downside_deviation(flat, 252)) == (0, 0)
    assert [work(levels(START, [])) for work in (max_drawdown, current_drawdown, deepest)] == [None, None, None]
    assert (best_day([]), worst_day([])) == (None, None)


# What holds of any returns


@given(PERCENTS)
def test_drawdown_is_the_worst_pair_of_closes(returns: list[Decimal]) -> None:
    """The oracle: every pair of an earlier and a later close."""
    path = levels(START, days(returns))
    pairs = [1 - late.worth / early.worth for at, early in enumerate(path) for late in path[at:] if early.worth]

    found, told = max_drawdown(path), deepest(path)

    assert found is not None
    assert 0 <= found <= 1
    assert abs(found - max(pairs)) < Decimal("1e-11")
    assert (told.depth if told else 0) == found
    assert (current_drawdown(path) or 0) <= found


@given(st.lists(st.decimals("-0.5", "0.5", places=3), min_size=LEAST_RETURNS, max_size=30))
def test_spread_is_that_of_all_pairs(returns: list[Decimal]) -> None:
    """The oracle: the sample variance is half the mean square of the differences of all pairs."""
    count = len(returns)
    pairs = sum((one - other) ** 2 for one in returns for other in returns) / (2 * count * (count - 1))

    found = volatility(returns, 252)

    assert found is not None
    assert abs(found**2 - 252 * pairs) < Decimal("1e-9")


@given(st.lists(st.decimals("-0.5", "0.5", places=3), min_size=LEAST_RETURNS, max_size=30))
def test_risk_free_rate_lowers_the_ratios(returns: list[Decimal]) -> None:
    for ratio in (sharpe_ratio, sortino_ratio):
        without, with_rate = ratio(returns, 252), ratio(returns, 252, Decimal("0.05"))
        if without is not None and with_rate is not None and without > 0:
            assert with_rate < without


def test_best_and_worst() -> None:
    assert (best_day(MIXED), worst_day(MIXED)) == (Decimal("0.1"), Decimal("-0.1"))
