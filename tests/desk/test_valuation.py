from __future__ import annotations

from decimal import Decimal

import pytest

from apps.desk.valuation import day_basis, day_pnl, equity, value_position, weight


def test_position_is_worth_its_mark():
    assert value_position(Decimal(100), Decimal(1000), Decimal("9.50")) == (Decimal(950), Decimal(-50))


@pytest.mark.parametrize(
    ("qty", "mark", "close", "traded", "flow", "pnl"),
    [
        ("100", "11", "10", "0", "0", "100"),  # held over the night
        ("100", "11", "10", "100", "-1051", "49"),  # bought today at 10.50, fee 1
        ("0", "12", "10", "-100", "1199", "199"),  # sold today at 12, fee 1
        ("150", "11", "10", "50", "-500", "150"),  # 100 held over, 50 bought at 10
        ("0", "12", None, "0", "48", "48"),  # bought and sold within the day
        ("100", None, "10", "0", "0", None),
        ("100", "11", None, "0", "0", None),
    ],
)
def test_day_pnl_counts_from_the_previous_close(qty, mark, close, traded, flow, pnl):
    def number(text):
        return None if text is None else Decimal(text)

    basis = day_basis(Decimal(qty), number(close), Decimal(traded), Decimal(flow))
    value = None if mark is None else Decimal(qty) * Decimal(mark)

    assert day_pnl(value, basis) == number(pnl)


def test_equity_is_cash_and_positions():
    assert equity(Decimal(100), [Decimal(20), Decimal(3)]) == 123
    assert equity(Decimal(100), []) == 100


def test_weight_is_a_share_of_the_whole():
    assert weight(Decimal(25), Decimal(100)) == Decimal("0.25")
    assert weight(Decimal(0), Decimal(0)) is None
