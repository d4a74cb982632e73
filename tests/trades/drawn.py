"""What the order machine draws from: symbols, quantities, prices, terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st

from apps.desk.order import IMMEDIATE, STOPS, OrderType, Side, TimeInForce
from apps.trades.ticket import Ticket

LOTS = {"AAPL": Decimal(1), "FRAC": Decimal("0.001")}
START = datetime(2026, 3, 2, 15, tzinfo=UTC)
MAY_HAVE_A_STOP = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
symbols = st.sampled_from(sorted(LOTS))
lots = st.integers(1, 90)
displayed = st.integers(0, 120)
cents_away = st.integers(-60, 60).map(lambda ticks: Decimal(ticks).scaleb(-2))
cents_out = st.integers(5, 250).map(lambda ticks: Decimal(ticks).scaleb(-2))
moves = st.integers(-400, 400).map(lambda ticks: Decimal(ticks).scaleb(-2))
Terms = tuple[OrderType, TimeInForce, Decimal, Decimal, Decimal | None, Decimal | None]
terms: st.SearchStrategy[Terms] = st.tuples(
    st.sampled_from(OrderType),
    st.sampled_from(TimeInForce),
    cents_away,
    st.integers(1, 9).map(Decimal),
    st.none() | st.integers(1, 5).map(Decimal),
    st.none() | st.integers(1, 5).map(Decimal),
).filter(lambda drawn: not (drawn[0] in STOPS and drawn[1] in IMMEDIATE))
seconds = st.none() | st.tuples(
    st.sampled_from(Side), st.sampled_from((OrderType.MARKET, OrderType.LIMIT)), symbols, lots, cents_away
)
amounts = st.integers(1, 500_000).map(lambda ticks: Decimal(ticks).scaleb(-2))


def may_have_a_stop(side: Side, kind: OrderType, tif: TimeInForce) -> bool:
    return side is Side.SELL and kind is OrderType.LIMIT and tif in MAY_HAVE_A_STOP


def second_of(drawn: tuple[Side, OrderType, str, int, Decimal] | None, mids: Mapping[str, Decimal]) -> Ticket | None:
    if drawn is None:
        return None
    side, kind, symbol, size, away = drawn
    limit = mids[symbol] + away if kind is OrderType.LIMIT else None
    return Ticket(symbol, side, kind, size * LOTS[symbol], "", limit)
