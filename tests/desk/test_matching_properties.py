"""What holds of every match, whatever the book and the quote."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.desk.calendar import Trading
from apps.desk.matching import is_over, match
from apps.desk.order import AUCTIONS, IMMEDIATE, LIMITS, STOPS, Order, OrderStatus, OrderType, Side, TimeInForce
from apps.desk.quote import Quote

from .build import NOON

ANY_HOUR = [time for time in TimeInForce if time not in AUCTIONS]

prices = st.integers(900, 1100).map(lambda ticks: Decimal(ticks).scaleb(-2))
sizes = st.integers(0, 300).map(Decimal)
moments = st.integers(-2, 2).map(lambda seconds: NOON + timedelta(seconds=seconds))


@st.composite
def quotes(draw):
    low, high = sorted((draw(prices), draw(prices)))
    return Quote("AAPL", low, high, draw(sizes), draw(sizes), low, NOON, NOON)


@st.composite
def books(draw, times=ANY_HOUR):
    """Up to eight orders of every type and status."""
    return [
        Order(
            order_id=f"o{number}",
            symbol="AAPL",
            side=draw(st.sampled_from(Side)),
            order_type=(kind := draw(st.sampled_from(OrderType))),
            quantity=(quantity := draw(st.integers(1, 200))) * Decimal(1),
            placed_at=NOON - timedelta(seconds=draw(st.integers(0, 3))),
            limit_price=draw(prices) if kind in LIMITS else None,
            stop_price=draw(prices) if kind in {OrderType.STOP, OrderType.STOP_LIMIT} else None,
            trail_percent=Decimal(draw(st.integers(1, 20))) if kind is OrderType.TRAILING_STOP else None,
            watermark=draw(st.none() | prices) if kind is OrderType.TRAILING_STOP else None,
            time_in_force=draw(st.sampled_from(times)) if kind not in STOPS else TimeInForce.DAY,
            expires_at=draw(st.none() | moments),
            status=draw(st.sampled_from(OrderStatus)),
            cum_qty=Decimal(draw(st.integers(0, quantity - 1))),
            triggered=kind in STOPS and draw(st.booleans()),
            extended_hours=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 8)))
    ]


def matched(orders, quote):
    return match(orders, quote, NOON, stale_ms=15_000)


@given(books(), quotes())
def test_no_fill_is_worse_than_the_limit_or_more_than_is_left(orders, quote):
    by_id = {order.order_id: order for order in orders}

    for execution in matched(orders, quote).executions:
        order = by_id[execution.order_id]
        assert 0 < execution.qty <= order.leaves_qty
        assert execution.price == (quote.ask if order.side is Side.BUY else quote.bid)
        if order.limit is not None:
            improvement = order.limit - execution.price
            assert improvement >= 0 if order.side is Side.BUY else improvement <= 0


@given(books(), quotes())
def test_displayed_size_is_shared_out_and_never_exceeded(orders, quote):
    result = matched(orders, quote)

    sides = {order.order_id: order.side for order in orders}
    taken = {side: sum(e.qty for e in result.executions if sides[e.order_id] is side) for side in Side}
    assert taken[Side.BUY] + result.left.ask_size == quote.ask_size
    assert taken[Side.SELL] + result.left.bid_size == quote.bid_size
    assert min(result.left.ask_size, result.left.bid_size) >= 0


@given(books(), quotes(), st.randoms())
def test_same_book_in_any_order_gives_the_same_fills(orders, quote, random):
    shuffled = random.sample(orders, len(orders))

    assert matched(shuffled, quote) == matched(orders, quote)


@given(books(), quotes())
def test_no_order_waits_behind_one_of_lower_priority(orders, quote):
    """Price, then time: a limit that could trade and did not means that its side is used up."""
    result = matched(orders, quote)
    filled = {execution.order_id: execution.qty for execution in result.executions}

    for order in orders:
        if order.order_type is not OrderType.LIMIT or filled.get(order.order_id, 0) == order.leaves_qty:
            continue
        if order.time_in_force is TimeInForce.FOK or is_over(order, NOON):
            continue
        if order.side is Side.BUY and quote.ask <= order.limit_price:
            assert result.left.ask_size == 0
        if order.side is Side.SELL and quote.bid >= order.limit_price:
            assert result.left.bid_size == 0


@given(books(), quotes())
def test_fill_or_kill_is_whole_or_nothing_and_nothing_immediate_is_left_working(orders, quote):
    result = matched(orders, quote)
    filled = {execution.order_id: execution.qty for execution in result.executions}

    for order in orders:
        if order.time_in_force is TimeInForce.FOK:
            assert filled.get(order.order_id, order.leaves_qty) == order.leaves_qty
        left = order.leaves_qty - filled.get(order.order_id, 0)
        immediate = order.time_in_force in IMMEDIATE and not is_over(order, NOON)
        assert (order.order_id in result.killed) == (immediate and left > 0)


@given(books(times=list(TimeInForce)), quotes(), st.sampled_from(Trading))
def test_opening_close_and_extended_hours_have_orders_of_their_own(orders, quote, trading):
    """Whose turn it is and who trades at once or in it is filled or cancelled; nothing happens to the others."""
    result = match(orders, quote, NOON, stale_ms=15_000, trading=trading)
    filled = {execution.order_id: execution.qty for execution in result.executions}

    for order in orders:
        tif = order.time_in_force
        turn = trading is not Trading.SHUT and (tif is TimeInForce.CLS) == (trading is Trading.CLOSING)
        if trading is Trading.EXTENDED:
            turn = order.extended_hours and order.order_type is OrderType.LIMIT
        late = tif is TimeInForce.OPG and trading is not Trading.OPENING
        if not turn or late:
            assert order.order_id not in filled
        left = order.leaves_qty - filled.get(order.order_id, 0)
        once = tif in IMMEDIATE | AUCTIONS and turn and not is_over(order, NOON)
        assert (order.order_id in result.killed) == (once and left > 0)


@given(books(), quotes())
def test_stop_trades_only_once_the_market_has_reached_it(orders, quote):
    result = matched(orders, quote)
    traded = {execution.order_id for execution in result.executions}

    for order in (one.seeing(quote) for one in orders):
        reached = order.stop_at is not None and (
            quote.ask >= order.stop_at if order.side is Side.BUY else quote.bid <= order.stop_at
        )
        if order.order_id in traded and order.order_type in STOPS:
            assert order.triggered or reached
        if order.order_id in result.triggered:
            assert reached
            assert not order.triggered


@given(st.sampled_from(Side), st.lists(quotes(), min_size=1, max_size=12), st.integers(1, 30))
def test_trailing_stop_follows_the_market_one_way_only(side, path, percent):
    order = Order("t", "AAPL", side, OrderType.TRAILING_STOP, Decimal(5), NOON, trail_percent=Decimal(percent))
    stops = []
    for quote in path:
        order = order.seeing(quote)
        stops.append(order.stop_at)

    assert stops == sorted(stops, reverse=side is Side.BUY)
    best = min(each.ask for each in path) if side is Side.BUY else max(each.bid for each in path)
    assert order.watermark == best
