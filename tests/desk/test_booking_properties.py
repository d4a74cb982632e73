"""What holds of position, ledger and valuation after any fills."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.desk.fill import Fill
from apps.desk.ledger import lines_of_buy, lines_of_sell
from apps.desk.money import ZERO
from apps.desk.order import Side
from apps.desk.position import Position, buy, sell
from apps.desk.valuation import value_position

from .build import NOON

prices = st.integers(1, 100_000).map(lambda ticks: Decimal(ticks).scaleb(-2))
odd_prices = st.integers(1, 10**12).map(lambda ticks: Decimal(ticks).scaleb(-8))
fees = st.integers(0, 500).map(lambda ticks: Decimal(ticks).scaleb(-2))


@st.composite
def histories(draw, prices=prices):
    """Fills of one symbol that never sell more than is held."""
    held, booked = 0, []
    for number in range(draw(st.integers(1, 12))):
        side = draw(st.sampled_from(Side)) if held else Side.BUY
        qty = draw(st.integers(1, held if side is Side.SELL else 500))
        held += qty if side is Side.BUY else -qty
        at = NOON + timedelta(minutes=number)
        booked.append(Fill(f"x{number}", "o", "AAPL", side, Decimal(qty), draw(prices), draw(fees), "taker", at))
    return booked


def book(history):
    """The position, what was realised, and the books after these fills."""
    held, realized, books = Position("AAPL"), ZERO, Counter()
    for fill in history:
        if fill.side is Side.BUY:
            held, lines = buy(held, fill), lines_of_buy(fill)
        else:
            sold = sell(held, fill)
            held, realized = sold.position, realized + sold.realized
            lines = lines_of_sell(fill, sold.cost_relieved)
        assert sum(line.amount for line in lines) == 0
        for line in lines:
            books[line.book] += line.amount
    return held, realized, books


@given(histories(odd_prices))
def test_quantity_is_the_sum_of_fills_and_flat_means_no_lots(history):
    held, _, _ = book(history)

    bought = sum(fill.last_qty for fill in history if fill.side is Side.BUY)
    sold = sum(fill.last_qty for fill in history if fill.side is Side.SELL)
    assert held.qty == bought - sold
    assert all(lot.qty > 0 and lot.cost >= 0 for lot in held.lots)
    assert (held.qty == 0) == (held.lots == ())


@given(histories(odd_prices))
def test_books_agree_with_position_and_fills(history):
    held, realized, books = book(history)

    assert sum(books.values()) == 0
    assert books["securities"] == held.cost
    assert books["realized"] == -realized
    assert books["commission"] == sum(fill.commission for fill in history)
    assert books["cash"] == sum(fill.cash_flow for fill in history)


@given(histories(odd_prices), odd_prices)
def test_realised_and_unrealised_are_cash_flow_and_market_value(history, mark):
    """Commissions counted once: they are in the cash flow and in no P&L of a lot."""
    held, realized, books = book(history)
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
