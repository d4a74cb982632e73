from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.order import (
    CLOSED,
    OPEN,
    TRANSITIONS,
    WORKING,
    IllegalTransition,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    check_transition,
)

from .build import order

statuses = st.sampled_from(OrderStatus)


def test_every_status_is_open_or_closed():
    assert set(TRANSITIONS) == OPEN | CLOSED
    assert set() == OPEN & CLOSED
    assert {OrderStatus.HELD} == OPEN - WORKING


@given(st.lists(statuses, min_size=1, max_size=12))
def test_closed_order_never_moves(wanted):
    status = OrderStatus.NEW
    closed_as = None
    for after in wanted:
        try:
            check_transition(status, after)
        except IllegalTransition:
            assert after not in TRANSITIONS[status]
        else:
            assert closed_as is None
            status = after
            closed_as = status if status in CLOSED else None


@given(statuses, st.integers(0, 100))
def test_filled_and_open_make_the_quantity_while_working(status, cum_qty):
    some = replace(order("a: buy 100 AAPL"), status=status, cum_qty=Decimal(cum_qty))

    assert some.leaves_qty + some.cum_qty == 100 if status in WORKING else some.leaves_qty == 0


@pytest.mark.parametrize("after", OrderStatus)
def test_held_order_begins_or_ends_without_a_fill(after):
    """An exit, or a second order: rejected where a rule refuses it when its turn comes."""
    assert (after in TRANSITIONS[OrderStatus.HELD]) == (
        after in {OrderStatus.NEW, OrderStatus.CANCELED, OrderStatus.REJECTED}
    )


def test_partly_filled_order_is_not_rejected():
    with pytest.raises(IllegalTransition, match="partially_filled cannot become rejected"):
        check_transition(OrderStatus.PARTIALLY_FILLED, OrderStatus.REJECTED)


@pytest.mark.parametrize(
    ("word", "label", "value"),
    [
        (Side.BUY, "Buy", "buy"),
        (OrderType.STOP, "Stop", "stop"),
        (TimeInForce.GTC, "Good till cancelled", "gtc"),
        (OrderStatus.NEW, "Working", "new"),
        (OrderStatus.CANCELED, "Cancelled", "canceled"),
        (OrderStatus.EXPIRED, "Expired", "expired"),
    ],
)
def test_word_has_the_label_a_trader_reads(word, label, value):
    assert (word.label, str(word)) == (label, value)
