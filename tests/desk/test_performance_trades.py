"""Closed trades: a worked example by hand, and sums of groups that are the whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.desk.money import ZERO
from apps.desk.order import Side
from apps.desk.performance_trades import (
    WEEKDAYS,
    average_holding,
    average_loss,
    average_win,
    by_day,
    by_direction,
    by_symbol,
    by_tag,
    by_weekday,
    expectancy,
    grouped,
    net_pnl,
    profit_factor,
    sums,
    win_rate,
)
from apps.desk.trips import ClosedTrade

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NETS = [Decimal(each) for each in ("120", "-40", "60", "-80", "0")]
cents = st.decimals(-10_000, 10_000, places=2)


def trade(net: str | Decimal = "1", symbol: str = "AAPL", hours: float = 1, day: int = 0, *tags: str) -> ClosedTrade:
    closed = MONDAY + timedelta(days=day)
    cost, opened = Decimal(20_000), closed - timedelta(hours=hours)
    return ClosedTrade(symbol, Decimal(1), cost, cost + Decimal(net), ZERO, opened, closed, "in", "out", tags=tags)


trades = st.lists(
    st.builds(
        trade, cents, st.sampled_from(["AAPL", "MSFT", "TSLA"]), st.just(1.0), st.integers(0, 20), st.just("swing")
    ),
    max_size=20,
)


def test_figures_of_five_trades() -> None:
    """Two of five won; 180 against 120; (180 − 120) / 5."""
    found = [work(NETS) for work in (win_rate, net_pnl, profit_factor, expectancy, average_win, average_loss)]

    assert found == [Decimal("0.4"), 60, Decimal("1.5"), 12, 90, -60]


def test_figures_that_nothing_is_known_of() -> None:
    figures = (win_rate, net_pnl, profit_factor, expectancy, average_win, average_loss)

    assert [work([]) for work in figures] == [None] * 6
    assert average_holding([]) is None
    assert (profit_factor([Decimal(5)]), average_loss([Decimal(5)])) == (None, None)
    assert (profit_factor([Decimal(-5)]), average_win([Decimal(-5)])) == (0, None)


def test_holding_time_counts_to_the_second() -> None:
    assert average_holding([trade(hours=1), trade(hours=2.5)]) == timedelta(hours=1, minutes=45)


def test_groups_by_symbol_day_and_weekday() -> None:
    booked = [trade("10"), trade("-4", "MSFT", day=1), trade("5", day=7)]

    assert sums(grouped(booked, by_symbol)) == {"AAPL": 15, "MSFT": -4}
    assert sums(grouped(booked, by_weekday)) == {"Monday": 15, "Tuesday": -4}
    assert list(sums(grouped(booked, by_day)).values()) == [10, -4, 5]


def test_trade_counts_to_each_of_its_tags_once() -> None:
    booked = [trade("10", "AAPL", 1, 0, "swing", "news", "swing"), trade("-4")]

    assert sums(by_tag(booked)) == {"swing": 10, "news": 10, "": -4}


@given(trades)
def test_groups_sum_to_the_whole(booked: list[ClosedTrade]) -> None:
    whole = sum(each.net for each in booked)

    for by in (by_symbol, by_day, by_weekday):
        groups = sums(grouped(booked, by))
        assert sum(groups.values()) == whole
    assert set(sums(grouped(booked, by_weekday))) <= set(WEEKDAYS)


@given(st.lists(cents, min_size=1, max_size=20))
def test_expectancy_is_rates_times_averages(nets: list[Decimal]) -> None:
    """The definition in Tharp's form, worked out apart."""
    wins, losses = [net for net in nets if net > 0], [net for net in nets if net < 0]
    won = Decimal(len(wins)) / len(nets) * (sum(wins) / len(wins) if wins else 0)
    lost = Decimal(len(losses)) / len(nets) * (sum(losses) / len(losses) if losses else 0)

    found = expectancy(nets)

    assert found is not None
    assert abs(found - (won + lost)) <= Decimal("0.0051")


def test_trades_are_long_or_short_by_what_opened_them() -> None:
    bought, sold = trade("3"), replace(trade("-1"), opened_with=Side.SELL)

    assert grouped([bought, sold], by_direction) == {"Long": [bought], "Short": [sold]}
