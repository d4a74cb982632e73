from __future__ import annotations

from decimal import Decimal

import pytest

from apps.desk.ledger import Line, Unbalanced, balanced, lines_of_deposit, lines_of_fill, lines_of_income

from .build import fill


def read(lines):
    return {line.book: line.amount for line in lines}


def test_buy_turns_cash_into_securities_and_commission():
    lines = lines_of_fill(fill("buy 10 AAPL @ 100.00 fee 1.00"), Decimal(1000), Decimal(0))

    assert read(lines) == {"cash": -1001, "securities": 1000, "commission": 1}


def test_sell_turns_securities_into_cash_and_what_was_earned():
    lines = lines_of_fill(fill("sell 10 AAPL @ 110.00 fee 1.00"), Decimal(-1000), Decimal(100))

    assert read(lines) == {"cash": 1099, "securities": -1000, "commission": 1, "realized": -100}


def test_line_of_nothing_is_not_written():
    assert read(lines_of_fill(fill("sell 10 AAPL @ 100.00"), Decimal(-1000), Decimal(0))) == {
        "cash": 1000,
        "securities": -1000,
    }


def test_sell_that_brings_no_more_than_its_fee_still_says_so_of_cash():
    lines = lines_of_fill(fill("sell 1 AAPL @ 0.40 fee 0.40"), Decimal("-0.40"), Decimal(0))

    assert read(lines) == {"cash": 0, "securities": Decimal("-0.40"), "commission": Decimal("0.40")}


def test_deposit_is_cash_from_outside():
    assert read(lines_of_deposit(Decimal("100.50"))) == {
        "cash": Decimal("100.50"),
        "funding": Decimal("-100.50"),
    }


@pytest.mark.parametrize("amount", ["0", "-1", "0.001"])
def test_deposit_of_no_whole_cents_is_refused(amount):
    with pytest.raises(ValueError, match="whole cents"):
        lines_of_deposit(Decimal(amount))


def test_lines_that_do_not_sum_to_zero_are_unbalanced():
    with pytest.raises(Unbalanced):
        balanced(Line("cash", Decimal(1)), Line("funding", Decimal("-1.01")))


def test_short_sale_brings_cash_that_is_owed_in_securities():
    lines = lines_of_fill(fill("sell 10 AAPL @ 110.00 fee 1.00"), Decimal(-1100), Decimal(0))

    assert read(lines) == {"cash": 1099, "securities": -1100, "commission": 1}


def test_income_is_cash_in_or_out_and_never_nothing():
    assert read(lines_of_income("dividends", Decimal("12.50"))) == {
        "cash": Decimal("12.50"),
        "dividends": Decimal("-12.50"),
    }
    assert read(lines_of_income("interest", Decimal(-3))) == {"cash": -3, "interest": 3}
    with pytest.raises(ValueError, match="interest must be whole cents and not nothing, not 0"):
        lines_of_income("interest", Decimal(0))


def test_fill_whose_parts_do_not_add_up_is_unbalanced():
    with pytest.raises(Unbalanced):
        lines_of_fill(fill("sell 1 AAPL @ 1.00"), Decimal(-1), Decimal(1))
