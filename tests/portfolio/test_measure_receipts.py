"""Every figure of performance says how it was made: from what its receipt shows it is worked out a second time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.market.models import Instrument
from apps.portfolio.closed import results_of
from apps.portfolio.measure_receipts import MEASURES, MeasureReceipt
from apps.portfolio.models import Account, CorporateAction
from apps.portfolio.performance import performance_of

from .lived import clock, close_of, live, lived, noon, rate, receipt
from .recomputed import FROM_INPUTS, FROM_ROWS

__all__ = ["clock", "live", "lived", "rate"]
TO_THE_CENT = {"expectancy", "average_win", "average_loss"}


def numbers(found: MeasureReceipt) -> dict[str, Any]:
    return {each.label: each.value for each in found.inputs}


def follows(found: MeasureReceipt) -> bool:
    return is_value(found, FROM_ROWS[found.measured.figure.key](found.rows[::-1], numbers(found)))


def is_value(found: MeasureReceipt, worked_out: Any) -> bool:
    key, value = found.measured.figure.key, found.measured.value
    if value is None:
        return False
    near = 0.0051 if key in TO_THE_CENT else 0.51 if key == "average_holding" else 1e-9
    plain = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return abs(plain - float(worked_out)) < near


@pytest.mark.parametrize("span", ["all", "1y"])
def test_figures_follow_from_their_rows(lived: Account, span: str) -> None:
    wrong = [key for key in FROM_ROWS if not follows(receipt(key, lived, span=span))]

    assert wrong == []


def test_figures_follow_from_the_numbers_before_them(lived: Account) -> None:
    found = {key: receipt(key, lived) for key in FROM_INPUTS}

    assert [key for key, each in found.items() if not is_value(each, FROM_INPUTS[key](numbers(each)))] == []


def test_figures_of_the_past_follow_from_the_rows_until_then(lived: Account) -> None:
    found = {key: receipt(key, lived, day=23) for key in FROM_ROWS if key != "cagr"}

    assert [key for key, each in found.items() if not follows(each)] == []
    assert {len(each.rows) for each in found.values()} == {4, 24}


@pytest.mark.parametrize("span", ["all", "1y"])
def test_the_figure_is_the_one_that_the_performance_page_shows(lived: Account, span: str) -> None:
    page = performance_of(lived, span, timezone.now())
    shown = (*page.figures, *results_of(lived.pk, page.after).figures)

    assert [receipt(each.figure.key, lived, span=span).measured for each in shown] == list(shown)
    assert [each.name for each in shown] == list(MEASURES)
    assert {*FROM_ROWS, *FROM_INPUTS} == {each.figure.key for each in shown}


def test_a_session_says_its_flows_with_their_days_and_the_worth_before(lived: Account) -> None:
    row = receipt("total_pnl", lived, day=11).rows[0]

    (flow,), equity = row.flows, close_of(lived, 11).equity
    assert (flow.on, flow.amount, flow.before) == (
        noon(11).date(),
        -700,
        equity - 500 * (Decimal("10.60") - Decimal("11.10")) + 700,
    )
    assert (row.flow, row.equity, row.opening) == (-700, equity, close_of(lived, 10).equity)


def test_a_drawdown_says_its_peak_trough_and_recovery(lived: Account) -> None:
    found = numbers(receipt("max_drawdown", lived, day=19))

    days = {key: found[key] for key in ("Peak", "Trough", "Recovered", "Days from the peak on")}
    assert days == {
        "Peak": noon(9).date(),
        "Trough": noon(13).date(),
        "Recovered": noon(19).date(),
        "Days from the peak on": 10,
    }


def test_the_benchmark_says_its_prices_with_their_times(lived: Account) -> None:
    found = receipt("benchmark_return", lived)

    assert [(each.label, each.text, each.how) for each in found.inputs] == [
        ("Price at the start", "500", "of 1 Mar 2026 12:00:00 UTC"),
        ("Price at the end", "530", f"of {noon(371):%-d %b %Y %H:%M:%S} UTC"),
        ("Shares that one became", "1", "splits between the two"),
    ]


def test_a_dividend_of_the_benchmark_is_said_with_the_price_before_it(lived: Account) -> None:
    spy = Instrument.objects.get(symbol="SPY")
    CorporateAction.objects.create(instrument=spy, kind="dividend", ex_date=noon(6).date(), amount=Decimal(5))

    found = receipt("benchmark_return", lived)

    assert is_value(found, FROM_INPUTS["benchmark_return"](numbers(found)))
    assert [(each.label, each.text, each.how) for each in found.inputs[3:]] == [
        ("Dividend of 8 Mar 2026", "5", "a share"),
        ("Price before it", "512.5", "of 7 Mar 2026 12:00:00 UTC"),
    ]


def test_the_session_that_runs_says_the_prices_it_rests_on(lived: Account) -> None:
    now, past = receipt("volatility", lived), receipt("volatility", lived, day=23)

    assert [(each.symbol, each.price) for each in now.prices] == [("AAPL", Decimal("11.3"))]
    assert (now.rows[0].runs, past.rows[0].runs, past.prices) == (True, False, ())
