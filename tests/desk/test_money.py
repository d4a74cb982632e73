from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.money import cents, decimal_of

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
anything = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False)


@given(amounts, amounts)
def test_sum_then_difference_gives_the_amount_back(a, b):
    assert (a + b) - b == a


@given(anything)
def test_rounding_twice_is_rounding_once(value):
    assert cents(cents(value)) == cents(value)


@given(anything)
def test_rounding_moves_by_half_a_cent_at_most(value):
    assert abs(cents(value) - value) <= Decimal("0.005")


@pytest.mark.parametrize(("value", "rounded"), [("0.125", "0.12"), ("0.135", "0.14"), ("-2.005", "-2.00")])
def test_half_a_cent_goes_to_the_even(value, rounded):
    assert cents(value) == Decimal(rounded)


@pytest.mark.parametrize("value", [0.1, 1.0, float("nan"), True])
def test_float_and_bool_are_refused(value):
    with pytest.raises(TypeError):
        decimal_of(value)


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "Infinity", "-Infinity", "sNaN"])
def test_text_that_is_no_finite_number_is_refused(text):
    with pytest.raises(ValueError, match="number"):
        decimal_of(text)
