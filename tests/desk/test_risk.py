from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.commission import parse_commission
from apps.desk.money import cents
from apps.desk.risk import Accepted, Denied, affordable, check_closing, check_opening

from .build import NOON, order, quote

FEE = parse_commission("per-share 0.005 min 1.00")


def buying(text, power="100000", at=NOON):
    return check_opening(order(text), quote("AAPL 9.99/10.00", at), Decimal(power), FEE, NOON, 15_000)


@pytest.mark.parametrize(
    ("text", "reserve"),
    [
        ("a: buy 100 AAPL", "1051.00"),
        ("a: buy 100 AAPL limit 9.00", "901.00"),
        ("a: buy 100 AAPL limit 12.00", "1201.00"),
        ("a: buy 100 AAPL stop 9.00", "1051.00"),
        ("a: buy 100 AAPL stop 20.00", "2101.00"),
        ("a: buy 1000 AAPL", "10505.00"),
    ],
)
def test_buy_holds_back_what_it_may_cost(text, reserve):
    """R-RISK"""
    assert buying(text) == Accepted(Decimal(reserve))
    assert buying(text, reserve) == Accepted(Decimal(reserve))


def test_buy_beyond_buying_power_is_denied_with_both_numbers():
    """R-RISK"""
    needed, available = Decimal("1234.00"), Decimal("1200.00")

    assert buying("a: buy 137 AAPL limit 9.00", "1200.00") == Denied(
        "quantity", "buying_power", "Needs 1,234.00 USD; 1,200.00 available", needed, available
    )


def test_stale_quote_denies_both_sides():
    """R-STALE"""
    late = NOON + timedelta(seconds=20)
    words = "The quote for AAPL is 20.0 s old; wait for one younger than 15 s"
    denied = Denied("symbol", "stale_quote", words, Decimal(20), Decimal(15))

    some = quote("AAPL 9.99/10.00")
    assert check_opening(order("a: buy 1 AAPL"), some, Decimal(1000), FEE, late, 15_000) == denied
    assert check_closing(order("a: sell 1 AAPL"), Decimal(9), Decimal(0), some, late, 15_000) == denied


def test_symbol_without_a_quote_is_denied():
    denied = Denied("symbol", "no_quote", "There is no quote for AAPL yet; wait for one")

    assert check_opening(order("a: buy 1 AAPL"), None, Decimal(1000), FEE, NOON, 15_000) == denied
    assert check_closing(order("a: sell 1 AAPL"), Decimal(9), Decimal(0), None, NOON, 15_000) == denied


@pytest.mark.parametrize(
    ("held", "reserved", "message"),
    [
        ("100", "0", None),
        ("150", "50", None),
        ("99", "0", "Sells 100; 99 AAPL available"),
        ("1000", "1000", "Sells 100; 0 AAPL available (1,000 held for working sells)"),
        ("0", "0", "Sells 100; 0 AAPL available"),
    ],
)
def test_sell_needs_shares_no_other_order_holds(held, reserved, message):
    """R-RISK"""
    found = check_closing(
        order("a: sell 100 AAPL"), Decimal(held), Decimal(reserved), quote("AAPL 9.99/10.00"), NOON, 15_000
    )

    if message is None:
        assert found == Accepted(Decimal(100))
    else:
        assert found == Denied("quantity", "held", message, Decimal(100), Decimal(held) - Decimal(reserved))


@given(
    st.integers(1, 10**6),
    st.integers(1, 10**7).map(lambda ticks: Decimal(ticks).scaleb(-2)),
    st.integers(-100, 10**8).map(lambda amount: Decimal(amount).scaleb(-2)),
    st.sampled_from(["none", "per-share 0.005 min 1.00", "bps 5 min 0", "bps 50 min 2"]),
    st.sampled_from([Decimal(1), Decimal(100), Decimal("0.001"), Decimal("0.00000001")]),
)
def test_affordable_is_the_most_that_cash_pays_for(qty, price, cash, model, lot):
    """Of the smallest lots too, a million of which a cent may buy."""
    fee, qty = parse_commission(model), qty // lot * lot

    def cost(shares):
        return cents(shares * price) + fee.of(shares, price)

    most = affordable(qty, price, fee, cash, lot)

    assert 0 <= most <= qty and most % lot == 0
    assert most == 0 or cost(most) <= cash
    assert most == qty or cost(most + lot) > cash
