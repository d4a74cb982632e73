from __future__ import annotations

from decimal import Decimal

import pytest

from apps.desk.position import CostMethod, Position, trade

from .build import fill, position


def lots(held):
    return [(lot.exec_id, lot.qty, lot.cost) for lot in held.lots]


def test_each_buy_is_a_lot_at_its_price():
    held = position("buy 100 AAPL @ 10.00 fee 1.00; buy 50 AAPL @ 13.00")

    assert lots(held) == [("x1", 100, 1000), ("x2", 50, 650)]
    assert (held.qty, held.cost, held.avg_open_px) == (150, 1650, 11)


def test_sell_relieves_the_oldest_lot_first():
    held = position("buy 100 AAPL @ 10.00; buy 50 AAPL @ 13.00")

    sold = trade(held, fill("sell 120 AAPL @ 12.50"))

    assert lots(sold.position) == [("x2", 30, 390)]
    assert (sold.position.cost, sold.realized) == (390, 240)


def test_sell_of_everything_leaves_no_lot():
    sold = trade(position("buy 100 AAPL @ 10.00"), fill("sell 100 AAPL @ 8.00"))

    assert sold.position == Position("AAPL")
    assert (sold.realized, sold.position.avg_open_px) == (-200, None)


def test_lot_sold_in_parts_loses_no_cent():
    held = position("buy 3 AAPL @ 3.33333333")
    relieved = []

    for _ in range(3):
        sold = trade(held, fill("sell 1 AAPL @ 4.00"))
        held, relieved = sold.position, [*relieved, held.cost - sold.position.cost]

    assert relieved == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]
    assert sum(relieved) == Decimal("10.00")


def test_sell_relieves_the_newest_lot_first_where_the_method_says_so():
    held = position("buy 100 AAPL @ 10.00; buy 50 AAPL @ 13.00")

    sold = trade(held, fill("sell 70 AAPL @ 12.50"), CostMethod.LIFO)

    assert lots(sold.position) == [("x1", 80, 800)]
    assert sold.realized == 875 - 850


def test_at_average_cost_there_is_one_lot_named_after_the_oldest():
    held = position("buy 100 AAPL @ 10.00; buy 50 AAPL @ 13.00", CostMethod.AVERAGE)

    assert [(lot.exec_id, lot.qty, lot.cost, lot.price) for lot in held.lots] == [("x1", 150, 1650, 11)]
    sold = trade(held, fill("sell 120 AAPL @ 12.50"), CostMethod.AVERAGE)
    assert (lots(sold.position), sold.realized) == ([("x1", 30, 330)], 180)


def test_short_sale_is_a_lot_of_what_it_fetched_and_covering_gains_when_the_price_fell():
    held = position("sell 100 AAPL @ 10.00; sell 50 AAPL @ 13.00")

    assert (lots(held), held.qty, held.cost, held.avg_open_px) == (
        [("x1", -100, -1000), ("x2", -50, -650)],
        -150,
        -1650,
        11,
    )
    covered = trade(held, fill("buy 120 AAPL @ 9.00"))
    assert (lots(covered.position), covered.realized) == ([("x2", -30, -390)], 1260 - 1080)


@pytest.mark.parametrize(
    ("held", "text", "message"),
    [
        ("buy 100 AAPL @ 10.00", "sell 101 AAPL @ 10.00", "sells 101 AAPL; 100 held"),
        ("sell 100 AAPL @ 10.00", "buy 101 AAPL @ 10.00", "buys 101 AAPL; 100 short"),
        ("buy 100 AAPL @ 10.00", "sell 1 MSFT @ 10.00", "is no fill of AAPL"),
        ("buy 100 AAPL @ 10.00", "buy 0 AAPL @ 10.00", "is no fill of AAPL"),
    ],
)
def test_fill_that_does_not_fit_is_refused(held, text, message):
    with pytest.raises(ValueError, match=message):
        trade(position(held), fill(text), may_short=True)


def test_short_sale_where_there_is_none_is_refused():
    with pytest.raises(ValueError, match="sells 1 AAPL; 0 held"):
        trade(Position("AAPL"), fill("sell 1 AAPL @ 10.00"))
