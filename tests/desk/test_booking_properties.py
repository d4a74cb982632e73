"""What holds of position, ledger and valuation after any fills."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.desk.fill import Fill
from apps.desk.ledger import lines_of_fill
from apps.desk.money import ZERO
from apps.desk.order import Side
from apps.desk.position import CostMethod, Position, trade
from apps.desk.valuation import value_position

from .build import NOON

prices = st.integers(1, 100_000).map(lambda ticks: Decimal(ticks).scaleb(-2))
odd_prices = st.integers(1, 10**12).map(lambda ticks: Decimal(ticks).scaleb(-8))
fees = st.integers(0, 500).map(lambda ticks: Decimal(ticks).scaleb(-2))


@st.composite
def histories(draw, prices=prices, shorts=True):
    """Fills of one symbol that open or close, long and short, and never close more than is open."""
    held, booked = 0, []
    for number in range(draw(st.integers(1, 12))):
        side = draw(st.sampled_from(Side)) if held or shorts else Side.BUY
        closes = held and (side is Side.SELL) == (held > 0)
        qty = draw(st.integers(1, abs(held) if closes else 500))
        held += qty if side is Side.BUY else -qty
        at = NOON + timedelta(minutes=number)
        booked.append(Fill(f"x{number}", "o", "AAPL", side, Decimal(qty), draw(prices), draw(fees), "taker", at))
    return booked


methods = st.sampled_from(CostMethod)


def book(history, method=CostMethod.FIFO):
    """The position, what was realised, and the books after these fills."""
    held, realized, books = Position("AAPL"), ZERO, Counter()
    for fill in history:
        done = trade(held, fill, method, may_short=True)
        lines = lines_of_fill(fill, done.position.cost - held.cost, done.realized)
        held, realized = done.position, realized + done.realized
        assert sum(line.amount for line in lines) == 0
        for line in lines:
            books[line.book] += line.amount
    return held, realized, books


@given(histories(odd_prices), methods)
def test_quantity_is_the_sum_of_fills_and_flat_means_no_lots(history, method):
    held, _, _ = book(history, method)

    bought = sum(fill.last_qty for fill in history if fill.side is Side.BUY)
    sold = sum(fill.last_qty for fill in history if fill.side is Side.SELL)
    assert held.qty == bought - sold
    assert all(lot.qty * held.qty > 0 and lot.cost * held.qty >= 0 for lot in held.lots)
    assert (held.qty == 0) == (held.lots == ())


@given(histories(odd_prices), methods)
def test_books_agree_with_position_and_fills(history, method):
    held, realized, books = book(history, method)

    assert sum(books.values()) == 0
    assert books["securities"] == held.cost
    assert books["realized"] == -realized
    assert books["commission"] == sum(fill.commission for fill in history)
    assert books["cash"] == sum(fill.cash_flow for fill in history)


@given(histories(odd_prices), odd_prices, methods)
def test_realised_and_unrealised_are_cash_flow_and_market_value(history, mark, method):
    """Whatever the cost method. Commissions counted once: they are in the cash flow and in no P&L of a lot."""
    held, realized, books = book(history, method)
    market_value, unrealized = value_position(held.qty, held.cost, mark)

    assert realized + unrealized - books["commission"] == books["cash"] + market_value


@given(histories(), st.data())
def test_fill_split_in_two_gives_the_same_quantity_cost_and_realised(history, data):
    number = data.draw(st.integers(0, len(history) - 1))
    whole = history[number]
    part = Decimal(data.draw(st.integers(0, int(whole.last_qty) - 1)))
    parts = [
        replace(whole, exec_id="a", last_qty=whole.last_qty - part),
        replace(whole, exec_id="b", last_qty=part, commission=ZERO),
    ]
    split = [*history[:number], *(each for each in parts if each.last_qty), *history[number + 1 :]]

    (held, realized, books), (held_split, realized_split, books_split) = book(history), book(split)

    assert (held_split.qty, held_split.cost, realized_split) == (held.qty, held.cost, realized)
    assert books_split == books


@given(histories())
def test_when_flat_every_method_has_realised_the_same(history):
    held, realized, _ = book(history)
    others = [book(history, method) for method in CostMethod]

    assert {other.qty for other, _, _ in others} == {held.qty}
    if held.qty == 0:
        assert {gained for _, gained, _ in others} == {realized}


@given(histories(odd_prices), odd_prices)
def test_short_is_the_mirror_of_long(history, mark):
    """The same fills with the sides changed gain what these lose: but for the fees."""
    mirrored = [replace(fill, side=Side.BUY if fill.side is Side.SELL else Side.SELL) for fill in history]

    (held, realized, _), (mirror, lost, _) = book(history), book(mirrored)

    assert (mirror.qty, mirror.cost, lost) == (-held.qty, -held.cost, -realized)
    value, gained = value_position(held.qty, held.cost, mark)
    assert value_position(mirror.qty, mirror.cost, mark) == (-value, -gained)
