"""Splits: shares change, what they cost does not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.money import plain
from apps.desk.position import CostMethod, Inventory, Split, trade
from apps.desk.trips import Trips

from .build import fill, fills, position
from .test_booking_properties import book, histories, odd_prices


@pytest.mark.parametrize(
    ("held", "new", "old", "lots"),
    [
        ("buy 100 AAPL @ 10.00; buy 50 AAPL @ 13.00", 2, 1, [(200, "1000.00", "5"), (100, "650.00", "6.5")]),
        ("buy 100 AAPL @ 10.00", 1, 10, [(10, "1000.00", "100")]),
        ("sell 30 AAPL @ 12.00", 3, 2, [(-45, "-360.00", "8")]),
        ("buy 5 AAPL @ 10.00", 3, 2, [("7.5", "50.00", "6.66666667")]),
    ],
)
def test_each_lot_keeps_its_cost(held, new, old, lots):
    inventory = Inventory(position(held))

    inventory.split(Split("AAPL", new, old))

    assert [(lot.qty, lot.cost, lot.price) for lot in inventory.lots] == [
        (Decimal(qty), Decimal(cost), Decimal(price)) for qty, cost, price in lots
    ]


def test_what_lots_lose_by_rounding_the_newest_gets():
    """Three lots of a third each are one share, not 0.99999999."""
    inventory = Inventory(position("buy 1 AAPL @ 9.00; buy 1 AAPL @ 9.00; buy 1 AAPL @ 9.00"))

    assert inventory.split(Split("AAPL", 1, 3)) == -2

    assert [lot.qty for lot in inventory.lots] == [Decimal("0.33333333")] * 2 + [Decimal("0.33333334")]
    assert (inventory.qty, inventory.cost) == (1, 27)


def test_trade_through_a_split_is_of_the_new_shares():
    """100 at 100.00, two for one, sold at 55.00: 1,000 gained on 200 shares entered at 50.00."""
    trips = Trips()
    for each in fills("buy 100 AAPL @ 100.00"):
        trips.take(each)

    trips.split(Split("AAPL", 2, 1))
    closed = trips.take(fill("sell 200 AAPL @ 55.00", "x9"))

    assert (closed.quantity, closed.entry, closed.exit, closed.net) == (200, 50, 55, 1000)


@given(histories(odd_prices), st.integers(1, 50), st.integers(1, 50), st.sampled_from(CostMethod), odd_prices)
def test_split_changes_no_cost_and_what_is_sold_then_realises_all_of_it(history, new, old, method, price):
    """Whatever the ratio: nothing is gained or lost by it, and closing everything leaves nothing."""
    held, _, _ = book(history, method)
    inventory = Inventory(held, method, may_short=True)

    more = inventory.split(Split("AAPL", new, old))

    assert (inventory.qty, inventory.cost) == (held.qty + more, held.cost)
    assert sum((lot.qty for lot in inventory.lots), Decimal(0)) == inventory.qty
    if inventory.qty:
        closing = fill(
            f"{'sell' if inventory.qty > 0 else 'buy'} {plain(abs(inventory.qty))} AAPL @ {plain(price)}", "x99"
        )
        done = trade(inventory.position, closing, method)
        flow = closing.notional if inventory.qty > 0 else -closing.notional
        assert (done.position.lots, done.position.cost, done.realized) == ((), 0, flow - held.cost)
