"""Round trips from flat to flat: by hand, and together with what is open they are the account's realised P&L."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.fill import Fill
from apps.desk.money import ZERO
from apps.desk.order import Side
from apps.desk.position import Position, Split, trade
from apps.desk.trips import Trips, closed_trades

from .build import NOON, fills

prices = st.integers(1, 10**12).map(lambda ticks: Decimal(ticks).scaleb(-8))
shares = st.integers(1, 500_000).map(lambda ticks: Decimal(ticks).scaleb(-3))
fees = st.integers(0, 500).map(lambda ticks: Decimal(ticks).scaleb(-2))


@st.composite
def histories(draw):
    """Fills of two symbols, long and short, that never close more than is open, and are often flat."""
    held, booked = {"AAPL": ZERO, "MSFT": ZERO}, []
    for number in range(draw(st.integers(1, 14))):
        symbol = draw(st.sampled_from(sorted(held)))
        side, open_now = draw(st.sampled_from(Side)), held[symbol]
        if not open_now or (side is Side.BUY) == (open_now > 0):
            qty = draw(shares)
        else:
            part = draw(st.integers(1, int(abs(open_now) * 1000)))
            qty = abs(open_now) if draw(st.booleans()) else Decimal(part).scaleb(-3)
        held[symbol] += qty if side is Side.BUY else -qty
        at = NOON + timedelta(minutes=number)
        booked.append(Fill(f"x{number}", "o", symbol, side, qty, draw(prices), draw(fees), "taker", at))
    return booked


def realised_after_fees(history: list[Fill]) -> Decimal:
    """As the account has it: what each closing fill gained, less every fee."""
    held, total = {}, ZERO
    for fill in history:
        position = held.setdefault(fill.symbol, Position(fill.symbol))
        total -= fill.commission
        done = trade(position, fill, may_short=True)
        held[fill.symbol], total = done.position, total + done.realized
    return total


def test_trade_in_parts_by_hand():
    """200 bought at 11.00 on average, sold at 12.25 on average, 4.00 of fees."""
    history = fills(
        "buy 100 AAPL @ 10.00 fee 1.00; buy 100 AAPL @ 12.00 fee 1.00; "
        "sell 50 AAPL @ 13.00 fee 1.00; sell 150 AAPL @ 12.00 fee 1.00"
    )

    (trade,) = closed_trades(history)

    assert (trade.symbol, trade.quantity, trade.entry, trade.exit) == ("AAPL", 200, 11, Decimal("12.25"))
    assert (trade.gross, trade.commission, trade.net) == (250, 4, 246)
    assert trade.returned == Decimal("0.111818181818")
    assert (trade.opened_at, trade.held) == (NOON + timedelta(minutes=1), timedelta(minutes=3))
    assert (trade.opened_by, trade.closed_by) == ("x1", "x4")


def test_each_return_to_flat_ends_a_trade():
    trades = list(
        closed_trades(fills("buy 1 AAPL @ 10; buy 1 MSFT @ 20; sell 1 AAPL @ 11; buy 2 AAPL @ 9; sell 2 AAPL @ 8"))
    )

    assert [(trade.symbol, trade.net) for trade in trades] == [("AAPL", 1), ("AAPL", -2)]


def test_what_is_open_is_no_trade_yet_and_has_its_realised_part():
    trips = Trips()

    closed = [trips.take(fill) for fill in fills("buy 10 AAPL @ 10 fee 1.00; sell 4 AAPL @ 12 fee 0.50")]

    assert closed == [None, None]
    assert trips.open["AAPL"].net == Decimal("6.50")


@pytest.mark.parametrize(
    ("stop", "risk", "multiple"),
    [("9.00", 100, Decimal("1.98")), (None, None, None), ("10.00", None, None), ("11.00", None, None)],
)
def test_r_multiple_is_net_over_what_the_stop_would_have_lost(stop, risk, multiple):
    """100 at 10.00 with a stop at 9.00 risk 100; +198 after fees is 1.98 R. A stop that risks nothing gives none."""
    (trade,) = closed_trades(fills("buy 100 AAPL @ 10.00 fee 1.00; sell 100 AAPL @ 12.00 fee 1.00"))

    stopped = replace(trade, stop=None if stop is None else Decimal(stop))

    assert (stopped.risk, stopped.r_multiple) == (risk, multiple)


def test_stop_is_told_in_the_shares_of_after_a_split():
    """100 at 10.00 with a stop at 9.00 risk 100, also once they are 200 at 5.00 with a stop at 4.50."""
    trips = Trips()
    bought, sold = fills("buy 100 AAPL @ 10.00 fee 1.00; sell 200 AAPL @ 6.00 fee 1.00")
    trips.take(bought)
    trips.split(Split("AAPL", 2, 1))
    trade = trips.take(sold)

    assert trade is not None
    stopped = trade.stopped_at(Decimal("9.00"))
    assert (stopped.entry, stopped.stop, stopped.risk) == (5, Decimal("4.5"), 100)
    assert stopped.r_multiple == Decimal("1.98")
    assert trade.stopped_at(None).risk is None


def test_short_trade_by_hand():
    """200 sold at 12.00, covered at 10.00 on average, with a stop at 13.00: 400 less 3.00 of fees on 200 at risk."""
    history = fills("sell 200 AAPL @ 12.00 fee 1.00; buy 150 AAPL @ 9.00 fee 1.00; buy 50 AAPL @ 13.00 fee 1.00")

    (trade,) = closed_trades(history)

    assert (trade.is_short, trade.quantity, trade.entry, trade.exit) == (True, 200, 12, 10)
    assert (trade.gross, trade.net, trade.returned) == (400, 397, Decimal("0.165416666667"))
    stopped = replace(trade, stop=Decimal("13.00"))
    assert (stopped.risk, stopped.r_multiple) == (200, Decimal("1.985"))
    assert replace(trade, stop=Decimal("11.00")).risk is None


def test_sale_of_more_than_is_held_is_a_fault():
    with pytest.raises(ValueError, match="sells 2 AAPL; 1 held"):
        list(closed_trades(fills("buy 1 AAPL @ 10; sell 2 AAPL @ 10")))


@given(histories())
def test_closed_and_open_trades_are_the_accounts_realised_pnl_after_fees(history):
    trips = Trips()

    closed = [trade for fill in history if (trade := trips.take(fill))]

    whole = sum((trade.net for trade in closed), ZERO) + sum((trade.net for trade in trips.open.values()), ZERO)
    assert whole == realised_after_fees(history)
    assert sum((trade.commission for trade in (*closed, *trips.open.values())), ZERO) == sum(
        fill.commission for fill in history
    )
    assert all(trade.held >= timedelta() and trade.quantity > 0 for trade in closed)
