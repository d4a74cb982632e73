"""Returns: worked examples that others have published, and what must hold of any account."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.performance import (
    Flow,
    Session,
    cagr,
    day_results,
    growth_of_payments,
    money_weighted_return,
    time_weighted_return,
    total_pnl,
)

START = date(2026, 1, 1)
TINY = Decimal("0.00000001")

usd = st.decimals("0.01", 1_000_000, places=2)
growths = st.lists(st.decimals("0.5", "1.5", places=3), min_size=1, max_size=12)
payments = st.lists(st.decimals(-400, 1000, places=2), max_size=12)


def on(days: int) -> date:
    return START + timedelta(days=days)


def session(day: int, equity: str | Decimal, *flows: Flow) -> Session:
    return Session(on(day), Decimal(equity), flows)


def flow(day: int, amount: str, before: str | None = None) -> Flow:
    return Flow(on(day), Decimal(amount), None if before is None else Decimal(before))


def twr(*sessions: Session, opening: str = "0") -> Decimal | None:
    return time_weighted_return(day_results(sessions, Decimal(opening)))


def near(value: Decimal | None, wanted: str) -> bool:
    """To the last place that the publisher printed."""
    given = Decimal(wanted)
    return value is not None and value.quantize(given) == given


# Published examples


def test_return_of_a_fund_with_one_deposit() -> None:
    """Investopedia, Time-Weighted Rate of Return, investor 1: 16.25% and −5.56% make 9.79%."""
    deposit = flow(227, "100000", before="1162484")

    found = twr(session(273, "1192328", deposit), opening="1000000")

    assert near(found, "0.0979")


def test_two_shares_bought_in_two_years() -> None:
    """The example of CFA Institute's curriculum: 10.8% a year time-weighted, 9.39% money-weighted.

    200 buys a share, which pays 5 and stands at 225 when another is bought; both stand at 235 a year later and pay 5.
    """
    opening, years = flow(0, "200", before="0"), 730
    second = session(years, "480", flow(365, "220", before="230"))  # of the 225 for it, 5 are the dividend

    weighted = twr(session(0, "200", opening), second)
    money = money_weighted_return(START, Decimal(200), [second])

    assert near(cagr(weighted, years), "0.108")
    assert near(money, "0.0939")


def test_dated_payments_of_excels_manual() -> None:
    """Microsoft, XIRR function: 37.336%, whose search stops at the seventh place."""
    dates = (date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1))
    returned = zip(dates[1:-1], ("-2750", "-4250", "-3250"), strict=True)
    flows = tuple(Flow(day, Decimal(amount)) for day, amount in returned)

    found = money_weighted_return(dates[0], Decimal(10_000), [Session(dates[-1], Decimal(2750), flows)])

    assert near(found, "0.3733625")


@pytest.mark.parametrize(
    ("growth", "days", "rate"),
    [("0.95", 1095, "0.2493"), ("1", 365, "1"), ("-0.5", 730, "-0.2929"), ("-1", 400, "-1")],
)
def test_growth_of_years(growth: str, days: int, rate: str) -> None:
    """Investopedia, Compound Annual Growth Rate: 10,000 become 19,500 in three years, 24.93% a year."""
    assert near(cagr(Decimal(growth), days), rate)


# Too little to say anything


def test_no_return_before_there_was_money() -> None:
    assert twr() is None
    assert twr(session(0, "0"), session(1, "0")) is None
    assert total_pnl([]) is None


@pytest.mark.parametrize(("growth", "days"), [("0.5", 364), (None, 1000), ("-1.5", 1000)])
def test_no_yearly_rate_of_less_than_a_year(growth: str | None, days: int) -> None:
    assert cagr(None if growth is None else Decimal(growth), days) is None


def test_no_money_weighted_return_within_a_day_or_without_a_rate() -> None:
    assert money_weighted_return(START, Decimal(100), []) is None
    assert money_weighted_return(START, Decimal(100), [session(0, "110")]) is None
    assert money_weighted_return(START, Decimal(100), [session(2, "-10")]) is None
    assert money_weighted_return(START, Decimal(0), [session(2, "10")]) is None


def test_several_rates_that_fit_are_none() -> None:
    """Of three thirds at 1.0, 1.2 or 1.5 each: (x − 1)(x − 1.2)(x − 1.5) = x³ − 3.7x² + 4.5x − 1.8."""
    third = Decimal(1) / 3
    fits = [(Decimal(1), Decimal(1000)), (2 * third, Decimal(-3700)), (third, Decimal(4500))]

    assert growth_of_payments(fits, Decimal(1800)) is None


def test_textbook_project_with_two_rates_has_none() -> None:
    """The oil pump of −1,600, +10,000, −10,000 (Lorie and Savage 1955): 25% and 400%."""
    fits = [(Decimal(1), Decimal(1600)), (Decimal("0.5"), Decimal(-10_000))]

    assert growth_of_payments(fits, Decimal(-10_000)) is None


# Days, flows at their time


def test_day_is_measured_without_what_was_paid_in() -> None:
    days = day_results([session(1, "1150", flow(1, "100", before="1010")), session(2, "1035")], Decimal(1000))

    assert [day.pnl for day in days] == [50, -115]
    assert days[0].growth == Decimal("1.01") * 1150 / 1110
    assert days[1].growth == Decimal("0.9")


def test_flow_without_a_valuation_counts_from_the_beginning() -> None:
    days = day_results([session(1, "1650", flow(1, "500"))], Decimal(1000))

    assert [day.growth for day in days] == [Decimal("1.1")]


def test_account_that_was_emptied_and_funded_again_goes_on() -> None:
    emptied = session(1, "0", flow(1, "-1100", before="1100"))
    funded = session(3, "210", flow(3, "200", before="0"))

    assert twr(emptied, session(2, "0"), funded, opening="1000") == Decimal("0.155")


def test_all_is_lost() -> None:
    lost = [session(2, "0")]

    assert time_weighted_return(day_results(lost, Decimal(100))) == -1
    assert money_weighted_return(START, Decimal(100), lost) == -1


# What holds of any account


@given(usd, growths, payments)
def test_deposits_do_not_change_the_time_weighted_return(opening: Decimal, moves: list[Decimal], paid: list[Decimal]):
    """The same market with and without money going in and out, each time valued the moment before."""
    quiet, busy, alone, equity = [], [], opening, opening
    for day, move in enumerate(moves, start=1):
        alone, before = alone * move, equity * move
        amount = max(paid[day - 1] if day <= len(paid) else Decimal(0), -before / 2)
        equity = before + amount
        quiet.append(Session(on(day), alone))
        busy.append(Session(on(day), equity, (Flow(on(day), amount, before),)))

    ours, theirs = time_weighted_return(day_results(busy, opening)), time_weighted_return(day_results(quiet, opening))

    assert ours is not None and theirs is not None
    assert abs(ours - theirs) < TINY


@given(usd, growths, payments)
def test_days_add_up_to_the_whole(opening: Decimal, moves: list[Decimal], paid: list[Decimal]):
    sessions, equity = [], opening
    for day, move in enumerate(moves, start=1):
        amount = paid[day - 1] if day <= len(paid) else Decimal(0)
        equity = (equity * move).quantize(Decimal("0.01")) + amount
        sessions.append(Session(on(day), equity, (Flow(on(day), amount),)))

    assert total_pnl(day_results(sessions, opening)) == equity - opening - sum(each.flow for each in sessions)


@given(usd, st.decimals("0", "3", places=4), st.integers(1, 365))
def test_without_flows_both_returns_are_the_simple_one(opening: Decimal, growth: Decimal, days: int):
    closing = [Session(on(days), opening * growth)]

    assert time_weighted_return(day_results(closing, opening)) == growth - 1
    money = money_weighted_return(START, opening, closing)
    assert money is not None
    assert abs(money - (growth - 1)) < TINY


@given(usd, st.decimals("-0.9", "2", places=3), st.lists(st.tuples(st.integers(0, 99), usd), max_size=6))
def test_money_grown_at_a_rate_has_that_rate(opening: Decimal, rate: Decimal, deposits: list[tuple[int, Decimal]]):
    """The oracle: every payment compounded by hand."""
    deposits = sorted(deposits)
    end = opening * (1 + rate)
    for day, amount in deposits:
        end += amount * (1 + rate) ** (Decimal(100 - day) / 100)
    flows = tuple(Flow(on(day), amount) for day, amount in deposits)

    found = money_weighted_return(START, opening, [Session(on(100), end, flows)])

    assert found is not None
    assert abs(found - rate) < TINY
