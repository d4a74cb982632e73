from __future__ import annotations

from decimal import Decimal

import pytest

from apps.desk.position import Position, buy, sell

from .build import fill, position


def lots(held):
    return [(lot.exec_id, lot.qty, lot.cost) for lot in held.lots]


def test_each_buy_is_a_lot_at_its_price():
    held = position("buy 100 AAPL @ 10.00 fee 1.00; buy 50 AAPL @ 13.00")

    assert lots(held) == [("x1", 100, 1000), ("x2", 50, 650)]
    assert (held.qty, held.cost, held.avg_open_px) == (150, 1650, 11)


def test_sell_relieves_the_oldest_lot_first():
    held = position("buy 100 AAPL @ 10.00; buy 50 AAPL @ 13.00")

    sold = sell(held, fill("sell 120 AAPL @ 12.50"))

    assert lots(sold.position) == [("x2", 30, 390)]
    assert (sold.cost_relieved, sold.realized) == (1260, 240)


def test_sell_of_everything_leaves_no_lot():
    sold = sell(position("buy 100 AAPL @ 10.00"), fill("sell 100 AAPL @ 8.00"))

    assert sold.position == Position("AAPL")
    assert (sold.realized, sold.position.avg_open_px) == (-200, None)


def test_lot_sold_in_parts_loses_no_cent():
    held = position("buy 3 AAPL @ 3.33333333")
    relieved = []

    for _ in range(3):
        sold = sell(held, fill("sell 1 AAPL @ 4.00"))
        held, relieved = sold.position, [*relieved, sold.cost_relieved]

    assert relieved == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]
    assert sum(relieved) == Decimal("10.00")


@pytest.mark.parametrize(
    "text", ["sell 101 AAPL @ 10.00", "sell 1 MSFT @ 10.00", "buy 1 AAPL @ 10.00", "sell 0 AAPL @ 10.00"]
)
def test_sell_that_does_not_fit_is_refused(text):
    with pytest.raises(ValueError, match=r"101 AAPL; 100 held|is no sell of AAPL"):
        sell(position("buy 100 AAPL @ 10.00"), fill(text))


@pytest.mark.parametrize("text", ["sell 1 AAPL @ 10.00", "buy 1 MSFT @ 10.00", "buy 0 AAPL @ 10.00"])
def test_buy_that_does_not_fit_is_refused(text):
    with pytest.raises(ValueError, match="is no buy of AAPL"):
        buy(Position("AAPL"), fill(text))
