from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.desk.matching import Displayed, Execution, match
from apps.desk.order import OrderStatus

from .build import NOON, order, quote


def matched(orders, against, **options):
    return match(orders, against, NOON, **{"stale_ms": 15_000, **options})


def trades(result):
    """What traded, as `a 100 @ 10.01`."""
    return [f"{each.order_id} {each.qty} @ {each.price}" for each in result.executions]


@pytest.mark.parametrize(
    ("text", "traded"),
    [
        ("a: buy 100 AAPL", ["a 100 @ 10.01"]),
        ("a: sell 100 AAPL", ["a 100 @ 9.99"]),
        ("a: buy 100 AAPL limit 10.01", ["a 100 @ 10.01"]),
        ("a: buy 100 AAPL limit 10.50", ["a 100 @ 10.01"]),
        ("a: buy 100 AAPL limit 10.00", []),
        ("a: sell 100 AAPL limit 9.99", ["a 100 @ 9.99"]),
        ("a: sell 100 AAPL limit 9.50", ["a 100 @ 9.99"]),
        ("a: sell 100 AAPL limit 10.00", []),
        ("a: buy 100 AAPL stop 10.01", ["a 100 @ 10.01"]),
        ("a: buy 100 AAPL stop 9.00", ["a 100 @ 10.01"]),
        ("a: buy 100 AAPL stop 10.02", []),
        ("a: sell 100 AAPL stop 9.99", ["a 100 @ 9.99"]),
        ("a: sell 100 AAPL stop 11.00", ["a 100 @ 9.99"]),
        ("a: sell 100 AAPL stop 9.98", []),
        ("a: buy 100 AAPL stop 10.00 limit 10.01", ["a 100 @ 10.01"]),
        ("a: buy 100 AAPL stop 10.00 limit 10.00", []),
        ("a: buy 100 AAPL stop 10.02 limit 11.00", []),
        ("a: sell 100 AAPL stop 10.00 limit 9.99", ["a 100 @ 9.99"]),
        ("a: sell 100 AAPL stop 10.00 limit 10.00", []),
        ("a: buy 100 AAPL ioc", ["a 100 @ 10.01"]),
        ("a: buy 2000 AAPL ioc", ["a 1000 @ 10.01"]),
        ("a: buy 1000 AAPL fok", ["a 1000 @ 10.01"]),
        ("a: buy 1001 AAPL fok", []),
        ("a: sell 100 AAPL limit 9.99 fok", ["a 100 @ 9.99"]),
    ],
)
def test_order_meets_the_other_side_of_the_quote(text, traded):
    """R-BROKER: buys at the ask, sells at the bid, a limit never worse, a stop once the market is there."""
    assert trades(matched([order(text)], quote("AAPL 9.99/10.01"))) == traded


def test_stale_quote_fills_and_elects_nothing():
    """R-STALE"""
    old = quote("AAPL 9.99/10.01", NOON - timedelta(milliseconds=15_001))

    result = matched([order("a: buy 1 AAPL"), order("b: sell 1 AAPL stop 20.00")], old)

    assert (result.executions, result.triggered) == ((), ())


def test_displayed_size_bounds_a_fill_in_whole_lots():
    result = matched([order("a: buy 100 AAPL")], quote("AAPL 9.99/10.01 x500/70.5"))

    assert trades(result) == ["a 70 @ 10.01"]
    assert result.left == Displayed(bid_size=Decimal(500), ask_size=Decimal("0.5"))


def test_what_is_displayed_is_taken_once():
    shown = quote("AAPL 9.99/10.01 x500/100")

    first = matched([order("a: buy 80 AAPL")], shown)
    second = matched([order("b: buy 80 AAPL")], shown, displayed=first.left)

    assert trades(second) == ["b 20 @ 10.01"]


def test_larger_lot_fills_in_its_multiples():
    shown = quote("AAPL 9.99/10.01 x500/250")

    assert trades(matched([order("a: buy 300 AAPL")], shown, lot_size=Decimal(100))) == ["a 200 @ 10.01"]


def test_priority_is_any_price_then_better_price_then_time_then_id():
    later, earlier = NOON - timedelta(seconds=1), NOON - timedelta(seconds=9)
    orders = [
        order("d: buy 10 AAPL limit 10.05", later),
        order("c: buy 10 AAPL limit 10.05", earlier),
        order("b: buy 10 AAPL limit 10.05", earlier),
        order("e: buy 10 AAPL limit 10.09", later),
        order("f: buy 10 AAPL stop 10.00", later),
        order("a: buy 10 AAPL limit 10.02", earlier),
    ]

    result = matched(orders, quote("AAPL 9.99/10.01 x500/45"))

    assert [(each.order_id, each.qty) for each in result.executions] == [
        ("f", 10),
        ("e", 10),
        ("b", 10),
        ("c", 10),
        ("d", 5),
    ]


def test_sells_are_filled_from_the_lowest_limit():
    orders = [order("a: sell 10 AAPL limit 9.90"), order("b: sell 10 AAPL limit 9.80")]

    assert trades(matched(orders, quote("AAPL 9.99/10.01 x15/15"))) == ["b 10 @ 9.99", "a 5 @ 9.99"]


def test_gap_fills_a_stop_at_the_market():
    result = matched([order("a: sell 100 AAPL stop 9.50")], quote("AAPL 7.00/7.05"))

    assert result.executions == (Execution("a", Decimal(100), Decimal("7.00"), "taker", triggered=True),)


def test_elected_stop_without_displayed_size_stays_elected():
    result = matched([order("a: buy 100 AAPL stop 10.00")], quote("AAPL 9.99/10.01 x500/0"))

    assert (result.executions, result.triggered) == ((), ("a",))


def test_triggered_stop_trades_wherever_the_market_has_gone():
    waiting = replace(order("a: buy 100 AAPL stop 10.00"), triggered=True)

    result = matched([waiting], quote("AAPL 8.99/9.01"))

    assert (trades(result), result.triggered) == (["a 100 @ 9.01"], ())


def test_only_what_is_left_of_a_working_order_trades():
    partly = replace(order("a: buy 100 AAPL"), status=OrderStatus.PARTIALLY_FILLED, cum_qty=Decimal(60))
    closed = [replace(order(f"{status}: buy 9 AAPL"), status=status) for status in ("filled", "canceled", "expired")]

    assert trades(matched([partly, *closed], quote("AAPL 9.99/10.01"))) == ["a 40 @ 10.01"]


@pytest.mark.parametrize(
    ("text", "placed_after", "liquidity"),
    [
        ("a: buy 1 AAPL", -1, "taker"),
        ("a: buy 1 AAPL stop 10.00", -1, "taker"),
        ("a: buy 1 AAPL limit 10.01", -1, "maker"),
        ("a: buy 1 AAPL limit 10.01", 1, "taker"),
    ],
)
def test_limit_that_rested_before_the_quote_makes_liquidity(text, placed_after, liquidity):
    some = order(text, NOON + timedelta(milliseconds=placed_after))

    assert matched([some], quote("AAPL 9.99/10.01")).executions[0].liquidity == liquidity


def test_order_of_another_symbol_is_a_fault():
    with pytest.raises(ValueError, match="order a is for MSFT"):
        matched([order("a: buy 1 MSFT")], quote("AAPL 9.99/10.01"))


def test_stop_limit_elected_out_of_reach_rests_as_a_limit():
    waiting = order("a: buy 10 AAPL stop 10.00 limit 10.00")

    elected = matched([waiting], quote("AAPL 9.99/10.01"))
    later = matched([replace(waiting, triggered=True)], quote("AAPL 9.90/9.95"))

    assert (elected.triggered, trades(elected)) == (("a",), [])
    assert trades(later) == ["a 10 @ 9.95"]
    assert later.executions[0].liquidity == "maker"


@pytest.mark.parametrize(
    ("text", "path", "stops"),
    [
        ("a: sell 10 AAPL trail 0.50", ["9.99/10.01", "11.00/11.02", "10.60/10.62"], ["9.49", "10.50", "10.50"]),
        ("a: sell 10 AAPL trail 10%", ["9.90/9.92", "20.00/20.02", "18.50/18.52"], ["8.91", "18.00", "18.00"]),
        ("a: buy 10 AAPL trail 0.50", ["9.99/10.01", "9.00/9.02", "9.40/9.42"], ["10.51", "9.52", "9.52"]),
        ("a: buy 10 AAPL trail 5%", ["9.98/10.00", "7.98/8.00", "8.10/8.12"], ["10.50", "8.40", "8.40"]),
    ],
)
def test_trailing_stop_keeps_its_distance_from_the_best_price(text, path, stops):
    trailing, seen = order(text), []
    for prices in path:
        assert trades(matched([trailing], quote(f"AAPL {prices}"))) == []
        trailing = trailing.seeing(quote(f"AAPL {prices}"))
        seen.append(trailing.stop_at)

    assert seen == [Decimal(stop) for stop in stops]


def test_trailing_stop_fills_where_the_market_is_once_it_turned():
    """A gap fills at the market, never at the stop."""
    trailing = order("a: sell 10 AAPL trail 0.50", watermark=Decimal("11.00"))

    result = matched([trailing], quote("AAPL 9.99/10.01"))

    assert (trades(result), result.triggered) == (["a 10 @ 9.99"], ("a",))


def test_elected_trailing_stop_stays_elected_wherever_the_market_goes():
    trailing = order("a: sell 10 AAPL trail 0.50", watermark=Decimal("11.00"), triggered=True)

    assert trades(matched([trailing], quote("AAPL 30.00/30.01"))) == ["a 10 @ 30.00"]


@pytest.mark.parametrize(
    ("text", "prices", "killed"),
    [
        ("a: buy 100 AAPL ioc", "9.99/10.01 x500/500", ()),
        ("a: buy 100 AAPL ioc", "9.99/10.01 x500/40", ("a",)),
        ("a: buy 100 AAPL limit 9.00 ioc", "9.99/10.01 x500/500", ("a",)),
        ("a: buy 100 AAPL fok", "9.99/10.01 x500/99", ("a",)),
        ("a: buy 100 AAPL", "9.99/10.01 x500/40", ()),
    ],
)
def test_rest_of_an_immediate_order_is_cancelled(text, prices, killed):
    assert matched([order(text)], quote(f"AAPL {prices}")).killed == killed


def test_stale_quote_kills_what_is_immediate():
    """It cannot be filled at once, and was to be filled at once or never."""
    old = quote("AAPL 9.99/10.01", NOON - timedelta(minutes=1))

    assert matched([order("a: buy 1 AAPL ioc"), order("b: buy 1 AAPL gtc")], old).killed == ("a",)


def test_fill_or_kill_leaves_what_it_could_not_take_to_others():
    result = matched(
        [order("a: buy 100 AAPL fok"), order("b: buy 60 AAPL limit 10.01")], quote("AAPL 9.99/10.01 x9/70")
    )

    assert trades(result) == ["b 60 @ 10.01"]


def test_order_is_not_filled_once_its_date_is_over():
    """R-ORDER: good till date."""
    dated = order("a: buy 10 AAPL", expires_at=NOON)

    assert trades(matched([dated], quote("AAPL 9.99/10.01"))) == []
    assert trades(matched([replace(dated, expires_at=NOON + timedelta(seconds=1))], quote("AAPL 9.99/10.01"))) != []
