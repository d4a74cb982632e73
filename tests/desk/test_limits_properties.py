"""R-RISK: what holds of the limits, whatever they are, the order, the quote and what is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.desk.limits import NUMBERS as ALL_NUMBERS
from apps.desk.limits import Exposure, Halt, Limits, check_admission, check_limits
from apps.desk.order import Order, OrderType, Side
from apps.desk.quote import Quote

from .build import NOON

BELOW = {"price_band"}  # whose bound may be a least as well as a most
UNKNOWN = {"equity_unknown", "day_pnl_unknown", "exposure_unknown", "drawdown_unknown"}
NUMBERS = tuple(name for name in ALL_NUMBERS if name != "orders_per_minute")

prices = st.integers(1, 30_000).map(lambda ticks: Decimal(ticks).scaleb(-2))
shares = st.integers(0, 300).map(Decimal)
usd = st.integers(-(10**7), 10**7).map(lambda amount: Decimal(amount).scaleb(-2))
bounds = st.none() | st.integers(0, 3_000_000).map(lambda number: Decimal(number).scaleb(-2))
symbols = st.frozensets(st.sampled_from(["AAPL", "MSFT", "TSLA"]))


@st.composite
def orders(draw, side=None):
    kind = draw(st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.STOP]))
    return Order(
        "",
        "AAPL",
        side or draw(st.sampled_from(Side)),
        kind,
        Decimal(draw(st.integers(1, 300))),
        NOON,
        limit_price=draw(prices) if kind is OrderType.LIMIT else None,
        stop_price=draw(prices) if kind is OrderType.STOP else None,
    )


@st.composite
def quotes(draw):
    low, high = sorted((draw(prices), draw(prices)))
    return Quote("AAPL", low, high, Decimal(100), Decimal(100), draw(prices), NOON, NOON)


exposures = st.builds(Exposure, st.integers(0, 20), shares, shares, *[st.none() | usd] * 4)
limits_given = st.builds(
    Limits,
    halt=st.none() | st.just(Halt("for the whole desk", "Why")),
    orders_per_minute=st.none() | st.integers(0, 20),
    allowed=symbols,
    barred=symbols,
    **dict.fromkeys(NUMBERS, bounds),
)


@st.composite
def tightened(draw, limits):
    """The limits with some of them smaller, set where they were not, or with fewer symbols."""

    def smaller(bound):
        if bound is None:
            return draw(bounds)
        return bound * draw(st.integers(0, 100)) / 100

    rate = limits.orders_per_minute
    allowed = draw(symbols) & (limits.allowed or frozenset({"AAPL", "MSFT", "TSLA"}))
    return replace(
        limits,
        halt=limits.halt or draw(st.none() | st.just(Halt("for this account", "Why"))),
        orders_per_minute=draw(st.integers(0, 20 if rate is None else rate)),
        allowed=allowed or limits.allowed,
        barred=limits.barred | draw(symbols),
        **{name: smaller(getattr(limits, name)) for name in NUMBERS},
    )


@given(orders(), quotes(), exposures, limits_given)
def test_refusal_names_a_bound_that_is_exceeded(order, quote, exposure, limits):
    denied = check_limits(order, quote, exposure, limits)

    if denied is None:
        return
    if denied.rule in UNKNOWN:
        assert None in (exposure.equity, exposure.day_pnl, exposure.invested, exposure.drawdown)
        assert (denied.needed, denied.available) == (None, None)
    elif denied.rule in BELOW:
        assert denied.needed in (order.limit_price, order.stop_price)
        assert (denied.needed > denied.available) == (denied.needed > quote.ask)
        assert denied.needed != denied.available and not quote.bid <= denied.needed <= quote.ask
    else:
        assert denied.needed > denied.available


@given(orders(), quotes(), exposures, limits_given, st.data())
def test_tighter_limits_take_nothing_that_was_refused(order, quote, exposure, limits, data):
    tighter = data.draw(tightened(limits))

    if check_admission(order.symbol, limits):
        assert check_admission(order.symbol, tighter)
    if check_limits(order, quote, exposure, limits):
        assert check_limits(order, quote, exposure, tighter)


@given(orders(Side.SELL), quotes(), exposures, limits_given)
def test_sell_is_never_refused_for_position_or_loss(order, quote, exposure, limits):
    denied = check_limits(order, quote, exposure, limits)

    assert denied is None or denied.rule in {"order_rate", "price_band"}


@given(orders(), quotes(), exposures, limits_given)
def test_what_is_not_limited_need_not_be_known(order, quote, exposure, limits):
    """So that figures are read only where a limit asks for them."""
    blind = replace(
        exposure,
        recent_orders=exposure.recent_orders if limits.orders_per_minute is not None else 0,
        **({} if limits.bounds_worth else dict.fromkeys(("equity", "day_pnl", "invested", "drawdown"))),
        **({} if limits.bounds_position else {"held": Decimal(0), "opening": Decimal(0)}),
    )

    assert check_limits(order, quote, blind, limits) == check_limits(order, quote, exposure, limits)
