"""How orders meet quotes by each policy: at which price, by which signal, how late, how far off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.book import Book
from apps.desk.matching import Matched, match
from apps.desk.order import Order, OrderStatus, Side
from apps.desk.policy import STEP, TOUCH, Policy, Price
from apps.desk.quote import Quote

from .build import NOON, order, quote
from .test_matching_properties import books, quotes

LAST = Policy(Price.LAST, Price.LAST)
policies = st.builds(
    Policy,
    st.sampled_from(Price),
    st.sampled_from(Price),
    st.sampled_from([0, 500, 1500]),
    st.sampled_from([0, 1, 25]).map(Decimal),
    st.integers(0, 3),
)


def by(policy: Policy, orders: list[Order], against: Quote) -> Matched:
    return match(orders, against, NOON, stale_ms=15_000, policy=policy)


def filled(matched: Matched) -> list[tuple[str, Decimal]]:
    return [(execution.order_id, execution.price) for execution in matched.executions]


def test_at_the_last_price_both_sides_trade_there_up_to_the_sizes_shown() -> None:
    orders = [order("a: buy 300 AAPL"), order("b: sell 300 AAPL limit 10.00"), order("c: sell 5 AAPL limit 10.01")]
    against = quote("AAPL 9.90/10.10 x200/100 last 10.00")

    found = by(LAST, orders, against)

    assert [(each.order_id, each.qty, each.price) for each in found.executions] == [
        ("a", 100, Decimal("10.00")),
        ("b", 200, Decimal("10.00")),
    ]


@pytest.mark.parametrize(
    ("elects_on", "elected"), [(Price.TOUCH, ("touched",)), (Price.LAST, ("traded",))], ids=["touch", "last"]
)
def test_stops_are_elected_by_the_touch_or_by_the_last_trade(elects_on: Price, elected: tuple[str, ...]) -> None:
    orders = [order("touched: sell 1 AAPL stop 9.90"), order("traded: sell 1 AAPL stop 9.80")]
    against = quote("AAPL 9.89/10.10 last 9.95")
    lower = quote("AAPL 9.95/10.10 last 9.79")

    assert by(Policy(elects_on=elects_on), orders, against).triggered == (elected if elects_on is Price.TOUCH else ())
    assert by(Policy(elects_on=elects_on), orders, lower).triggered == (
        () if elects_on is Price.TOUCH else ("touched", "traded")
    )


def test_an_order_that_still_travels_is_not_there_and_is_not_killed() -> None:
    late = Policy(latency_ms=200)
    sent = order("a: buy 1 AAPL limit 10.10 ioc", placed_at=NOON - timedelta(milliseconds=199))
    there = replace(sent, placed_at=NOON - timedelta(milliseconds=200))
    against = quote("AAPL 9.90/10.10")

    assert by(late, [sent], against) == Matched((), (), by(late, [], against).left)
    assert filled(by(late, [there], against)) == [("a", Decimal("10.10"))]


@given(books(), quotes(), policies)
def test_slippage_is_bounded_against_the_trader_and_never_past_a_limit(
    orders: list[Order], against: Quote, policy: Policy
) -> None:
    by_id = {each.order_id: each for each in orders}
    market = policy.market(against)

    for execution in by(policy, orders, against).executions:
        of = by_id[execution.order_id]
        fair = market.ask if of.side is Side.BUY else market.bid
        worse = execution.price - fair if of.side is Side.BUY else fair - execution.price
        assert 0 <= worse <= fair * policy.slippage_bps / 10_000 + STEP
        if of.limit is not None:
            assert execution.price <= of.limit if of.side is Side.BUY else execution.price >= of.limit


@given(books(), quotes(), policies)
def test_the_same_orders_quotes_and_seed_give_the_same_fills(
    orders: list[Order], against: Quote, policy: Policy
) -> None:
    assert by(policy, orders, against) == by(policy, orders[::-1], against)


@given(books(), st.lists(quotes(), min_size=1, max_size=5), policies)
def test_book_and_a_look_at_every_order_agree_under_any_policy(
    orders: list[Order], path: list[Quote], policy: Policy
) -> None:
    book, plain = Book(orders), {each.order_id: each for each in orders}
    for against in path:
        market, signal = policy.market(against), policy.signal(against)
        book.see(signal)
        plain = {order_id: each.seeing(signal) for order_id, each in plain.items()}

        assert by(policy, book.reached(market, signal), against) == by(policy, list(plain.values()), against)


def test_another_seed_slips_otherwise_and_none_does_not() -> None:
    orders = [order(f"o{number}: buy 1 AAPL") for number in range(20)]
    against = quote("AAPL 99.99/100.01")

    slipped = [filled(by(Policy(slippage_bps=Decimal(10), seed=seed), orders, against)) for seed in (1, 1, 2)]

    assert slipped[0] == slipped[1] != slipped[2]
    assert {price for _, price in filled(by(TOUCH, orders, against))} == {Decimal("100.01")}


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (TOUCH, "touch-displayed-size"),
        (Policy(Price.LAST, Price.LAST), "last-displayed-size"),
        (
            Policy(elects_on=Price.LAST, latency_ms=50, slippage_bps=Decimal(2), seed=7),
            "touch-displayed-size, stops on last, 50 ms, slips 2 bps (seed 7)",
        ),
    ],
)
def test_a_policy_says_what_it_is(policy: Policy, name: str) -> None:
    assert policy.name == name


def test_a_stop_of_a_closed_order_is_not_elected() -> None:
    closed = replace(order("a: sell 1 AAPL stop 9.90"), status=OrderStatus.CANCELED)

    assert by(LAST, [closed], quote("AAPL 9.80/9.85 last 9.80")).triggered == ()
