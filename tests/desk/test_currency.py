"""What a share in another currency costs, earns and is worth in USD."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.currency import as_old_as, currency_of, pair_of, parts_of_gain, rate_of
from apps.desk.fill import Fill
from apps.desk.money import ZERO, cents
from apps.desk.order import Side
from apps.desk.position import CostMethod, Position, trade
from apps.desk.quote import EPOCH
from apps.desk.trips import closed_trades
from apps.desk.valuation import value_position

from .build import NOON, quote
from .test_booking_properties import book, histories, methods, odd_prices

rates = st.integers(1, 10**11).map(lambda ticks: Decimal(ticks).scaleb(-8))
D = Decimal


def euros(number, side, qty, price, rate, commission="0"):
    at = NOON + timedelta(minutes=number)
    terms = Side(side), D(qty), D(price), D(commission), "taker", at
    return Fill(f"x{number}", "o", "SAP", *terms, "EUR", D(rate))


def test_a_fill_in_another_currency_costs_usd_at_its_rate():
    fill = euros(0, "buy", "10", "200.05", "1.0845", "1.00")

    assert (fill.notional, fill.cash_flow) == (D("2169.54"), D("-2170.54"))
    assert (fill.local, fill.local_flow) == (D("2000.50"), D("-2000.50"))


def test_a_lot_keeps_its_cost_in_both_currencies_and_its_rate():
    held = trade(Position("SAP"), euros(0, "buy", "10", "200", "1.1")).position
    (lot,) = trade(held, euros(1, "sell", "4", "210", "1.2")).position.lots

    assert (lot.qty, lot.cost, lot.local, lot.price, lot.rate) == (6, D("1320.00"), D("1200.00"), 200, D("1.1"))


def test_what_is_realised_is_usd_fetched_less_usd_paid():
    held = trade(Position("SAP"), euros(0, "buy", "10", "200", "1.1")).position
    sold = trade(held, euros(1, "sell", "10", "210", "1.2"))

    assert sold.realized == D("320.00")
    assert parts_of_gain(sold.realized, D("100.00"), D("1.2")) == (D("120.00"), D("200.00"))


def test_at_average_cost_price_and_rate_are_those_of_all_shares():
    held = trade(Position("SAP"), euros(0, "buy", "10", "200", "1.1"), CostMethod.AVERAGE).position
    (lot,) = trade(held, euros(1, "buy", "10", "300", "1.2"), CostMethod.AVERAGE).position.lots

    assert (lot.cost, lot.local, lot.price, lot.rate) == (D("5800.00"), D("5000.00"), D("250"), D("1.16"))


def test_a_price_that_stands_still_gains_with_its_currency():
    held = trade(Position("SAP"), euros(0, "buy", "10", "200", "1.1")).position

    assert value_position(held.qty, held.cost, D("200"), D("1.2")) == (D("2400.00"), D("200.00"))


def test_a_quote_is_as_old_as_its_rate():
    share, pair = quote("SAP 199.99/200.01"), quote("EURUSD 1.0844/1.0846")
    older = replace(pair, received_at=NOON - timedelta(seconds=9))

    assert as_old_as(share, pair) is share
    assert as_old_as(share, older).received_at == older.received_at
    assert as_old_as(share, None).received_at == EPOCH


def test_the_rate_is_the_mark_of_the_pair_to_eight_places():
    pair = quote("EURUSD 1.08450001/1.08450002 last 2")

    assert (pair_of("EUR", {pair.symbol}), rate_of(pair)) == (pair.symbol, D("1.08450002"))


def test_a_stop_in_another_currency_risks_usd():
    bought, sold = euros(0, "buy", "10", "200", "1.1"), euros(1, "sell", "10", "210", "1.2")
    (trip,) = closed_trades([bought, sold])

    assert (trip.entry, trip.exit, trip.rate, trip.net) == (D("200"), D("210"), D("1.1"), D("320.00"))
    assert replace(trip, stop=D("190")).risk == D("110.00")


@pytest.mark.parametrize("text", ["eur", "EURO", "", "E1R"])
def test_what_is_no_currency_is_refused(text):
    with pytest.raises(ValueError, match="ISO 4217"):
        currency_of(text)


@st.composite
def abroad(draw):
    """Fills of one share in another currency, each at a rate of its own."""
    return [replace(fill, currency="EUR", rate=draw(rates)) for fill in draw(histories(odd_prices))]


@given(abroad(), odd_prices, rates, methods)
def test_realised_and_unrealised_are_cash_flow_and_market_value_whatever_rates_do(history, mark, rate, method):
    """Requirement: multi-currency with rates kept on the entry; realised + unrealised = cash flow + market value."""
    held, realized, books = book(history, method)
    value, unrealized = value_position(held.qty, held.cost, mark, rate)

    fees = sum(fill.commission for fill in history)
    assert realized + unrealized - fees == books["cash"] + value
    assert books["securities"] == held.cost
    assert sum(books.values()) == 0


@given(abroad(), methods)
def test_in_its_own_currency_too_nothing_is_lost(history, method):
    held, gained = Position("AAPL"), ZERO
    for fill in history:
        after = trade(held, fill, method, may_short=True).position
        gained += fill.local_flow + after.local - held.local
        held = after

    assert gained == sum(fill.local_flow for fill in history) + held.local
    assert all(lot.local == cents(lot.local) for lot in held.lots)
    assert held.lots or held.local == 0


@given(histories(odd_prices), odd_prices, methods)
def test_at_a_rate_of_one_all_is_as_in_usd(history, mark, method):
    abroad = [replace(fill, currency="EUR") for fill in history]
    (held, realized, books), (there, gained, kept) = book(history, method), book(abroad, method)

    assert (held.cost, realized, books) == (there.cost, gained, kept)
    assert value_position(held.qty, held.cost, mark) == value_position(there.qty, there.cost, mark, D("1.0"))


@given(abroad())
def test_when_flat_every_method_has_realised_the_same_whatever_rates_did(history):
    left = sum(fill.last_qty if fill.side is Side.BUY else -fill.last_qty for fill in history)
    if left:
        side = Side.SELL if left > 0 else Side.BUY
        history.append(replace(history[-1], exec_id="last", side=side, last_qty=abs(left)))

    assert len({book(history, method)[1] for method in CostMethod}) == 1
