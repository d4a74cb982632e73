"""Margin by hand, from the rules' own figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.margin import borrow_fee, interest, maintenance_margin, margin_of

usd = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))


@pytest.mark.parametrize(
    ("qty", "value", "needed"),
    [
        ("100", "10000.00", "2500.00"),
        ("-100", "-10000.00", "3000.00"),
        ("-100", "-600.00", "500.00"),
        ("-100", "-500.00", "500.00"),
        ("-100", "-400.00", "400.00"),
        ("-100", "-200.00", "250.00"),
        ("0", "0", "0"),
    ],
)
def test_maintenance_margin_is_that_of_the_rule(qty, value, needed):
    """FINRA 4210(c): long 25 %; short 30 % or 5 USD a share; under 5 USD a share all of it or 2.50 USD a share."""
    assert maintenance_margin(Decimal(qty), Decimal(value)) == Decimal(needed)


def test_half_is_lent_and_what_is_left_buys_twice_as_much():
    """10,000 of equity, 6,000 long and 4,000 short: 5,000 needed, 1,000 held back for orders, 8,000 to buy with."""
    found = margin_of(
        Decimal(10_000), Decimal(1_000), [(Decimal(60), Decimal(6_000)), (Decimal(-40), Decimal(-4_000))]
    )

    assert (found.initial, found.maintenance, found.excess) == (5_000, 1_500 + 1_200, 4_000)
    assert (found.buying_power, found.is_called) == (8_000, False)


def test_too_little_equity_buys_nothing_and_is_called():
    found = margin_of(Decimal(2_000), Decimal(0), [(Decimal(100), Decimal(10_000))])

    assert (found.excess, found.buying_power, found.is_called) == (-3_000, 0, True)


@given(usd, usd.map(abs), st.lists(st.tuples(st.integers(-1000, 1000).map(Decimal), usd.map(abs)), max_size=5))
def test_buying_power_is_never_more_than_twice_what_is_free(equity, reserved, held):
    found = margin_of(equity, reserved, [(qty, value if qty >= 0 else -value) for qty, value in held])

    assert 0 <= found.buying_power <= max(2 * found.excess, Decimal(0))
    assert found.initial >= 0 and found.maintenance >= 0


@pytest.mark.parametrize(
    ("cash", "days", "cost"),
    [("-10000.00", 1, "2.08"), ("-10000.00", 30, "62.50"), ("-10000.00", 0, "0"), ("500.00", 30, "0"), ("0", 9, "0")],
)
def test_interest_is_simple_actual_over_360(cash, days, cost):
    """10,000 at 7.5 % for 30 days: 10,000 × 0.075 × 30 / 360."""
    since = date(2026, 3, 1)

    assert interest(Decimal(cash), Decimal("7.5"), since, date.fromordinal(since.toordinal() + days)) == Decimal(cost)


@pytest.mark.parametrize(
    ("value", "rate", "days", "cost"),
    [("15000.00", "3", 1, "1.25"), ("15000.00", "3", 3, "3.75"), ("15000.00", "0", 3, "0"), ("0", "3", 3, "0")],
)
def test_fee_for_borrowed_shares_is_their_value_by_the_yearly_rate_over_360(value, rate, days, cost):
    since = date(2026, 2, 27)

    until = date.fromordinal(since.toordinal() + days)
    assert borrow_fee(Decimal(value), Decimal(rate), since, until) == Decimal(cost)
