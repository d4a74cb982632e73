from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.commission import parse_commission


@pytest.mark.parametrize(
    ("model", "qty", "price", "fee"),
    [
        ("none", "100", "10.00", "0.00"),
        ("per-share 0.005 min 1.00", "100", "10.00", "1.00"),
        ("per-share 0.005 min 1.00", "1000", "10.00", "5.00"),
        ("per-share 0.005 min 0", "1", "10.00", "0.00"),
        ("bps 5 min 0", "100", "10.00", "0.50"),
        ("bps 5 min 2.50", "100", "10.00", "2.50"),
        ("per-share 0.005 min 1.00", "1", "0.40", "0.40"),
    ],
)
def test_commission_of_an_execution(model, qty, price, fee):
    """R-BROKER"""
    assert parse_commission(model).of(Decimal(qty), Decimal(price)) == Decimal(fee)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "free",
        "per-share",
        "per-share 0.005",
        "per-share -1 min 0",
        "per-share 1 min -1",
        "per-share x min 0",
        "bps NaN min 0",
        "bps 5 max 0",
        "percent 1 min 0",
        "bps 5 min 0 or so",
    ],
)
def test_setting_that_is_no_commission_says_what_would_be(text):
    with pytest.raises(ValueError, match=r"must look like 'none', 'per-share 0\.005 min 1\.00'"):
        parse_commission(text)


@given(st.integers(1, 10**6), st.decimals(min_value="0.01", max_value=10**5, places=2))
def test_commission_lies_between_its_minimum_and_the_notional_and_grows_with_quantity(qty, price):
    model, qty = parse_commission("bps 5 min 1.00"), Decimal(qty)

    fee = model.of(qty, price)

    assert min(Decimal("1.00"), qty * price) <= fee <= qty * price
    assert fee <= model.of(qty + 1, price)
