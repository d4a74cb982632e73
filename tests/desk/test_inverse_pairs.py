"""A currency that is quoted in units a USD, as USDJPY is: its rate is one divided by the pair's mark."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.currency import Rate, pair_of, rate_at, rate_of
from apps.desk.money import ZERO, average_price
from apps.desk.quote import EPOCH
from apps.desk.valuation import value_position

from .build import quote
from .test_booking_properties import book, histories, methods, odd_prices

D = Decimal
HALF_A_STEP = Fraction(1, 2 * 10**8)
prices = st.integers(1, 10**15).map(lambda ticks: D(ticks).scaleb(-8))
quoted = st.integers(10**6, 10**12).map(lambda ticks: D(ticks).scaleb(-8))
"""From a hundredth of a unit a USD to ten thousand."""


def test_the_rate_is_one_divided_by_the_mark_to_eight_places():
    assert rate_of(quote("USDJPY 154.99/155.01 last 155.00")) == D("0.00645161")
    assert rate_of(quote("USDJPY 154.99/155.01 last 9")) == D("0.00645161")
    assert rate_of(quote("USDCHF 0.7999/0.8001 last 0.8")) == D("1.25")


@pytest.mark.parametrize(
    ("listed", "pair"),
    [
        (set(), "JPYUSD"),
        ({"JPYUSD"}, "JPYUSD"),
        ({"USDJPY"}, "USDJPY"),
        ({"USDJPY", "JPYUSD"}, "JPYUSD"),
        ({"USDEUR"}, "JPYUSD"),
    ],
)
def test_the_pair_in_usd_a_unit_counts_wherever_it_is_listed(listed, pair):
    assert pair_of("JPY", listed) == pair


def test_usd_needs_no_pair():
    assert pair_of("USD", {"USDUSD"}) == ""


def test_what_comes_to_nothing_is_no_rate():
    """1 / 250,000,000 is less than half of the last place; a share must not be for nothing."""
    rate, share = Rate("ZWD", quote("USDZWD 250000000/250000000")), quote("ABC 9/10")

    assert rate_at("USDZWD", D(200_000_001)) is None
    assert (rate.usd, rate.dated(share).received_at) == (None, EPOCH)


@given(prices)
def test_it_is_the_nearest_of_eight_places_ties_to_even(price):
    """Requirement: an exact rule with stated rounding; rounded once, not twice."""
    rate, exact = rate_at("USDSEK", price) or ZERO, 1 / Fraction(price)

    off = abs(Fraction(rate) - exact)
    assert rate == average_price(rate)
    assert off < HALF_A_STEP or (off == HALF_A_STEP and rate.scaleb(8) % 2 == 0)


def test_a_tie_goes_to_the_even_place():
    """Of the last place 1 / 80,000,000 is 1.25, 1 / 40,000,000 is 2.5 and 1 / 200,000,000 is 0.5."""
    rates = [rate_at("USDSEK", D(price)) for price in (80_000_000, 40_000_000, 200_000_000)]

    assert rates == [D("0.00000001"), D("0.00000002"), None]


@given(quoted)
def test_what_a_usd_buys_is_worth_a_usd(price):
    """But for half of the last place of each unit."""
    rate = rate_at("USDSEK", price)

    assert rate is not None
    assert abs(Fraction(rate) * Fraction(price) - 1) <= Fraction(price) * HALF_A_STEP


@given(quoted, quoted)
def test_the_dearer_the_dollar_the_less_a_unit_is_worth(one, other):
    dear, cheap = rate_at("USDSEK", max(one, other)), rate_at("USDSEK", min(one, other))

    assert dear is not None and cheap is not None and dear <= cheap


@given(quoted, quoted, prices)
def test_the_rate_is_within_the_inverses_of_ask_and_bid(one, other, last):
    """No side is taken, nor is it of a pair in USD a unit: the mark is within the quote, what follows from it too."""
    bid, ask = min(one, other), max(one, other)
    pair = replace(quote("USDSEK 1/1"), bid=bid, ask=ask, last=last)
    rate = rate_of(pair)

    assert rate is not None
    assert average_price(1 / ask) <= rate <= average_price(1 / bid)
    if bid <= last <= ask:
        assert rate == rate_at("USDSEK", last)


@st.composite
def abroad(draw):
    """Fills of one share, each at what the pair came to then."""
    return [
        replace(fill, currency="SEK", rate=rate_at("USDSEK", draw(quoted))) for fill in draw(histories(odd_prices))
    ]


@given(abroad(), odd_prices, quoted, methods)
def test_nothing_is_lost_at_rates_of_inverse_pairs(history, mark, price, method):
    """Requirement: realised + unrealised = cash flow + market value, to the cent."""
    held, realized, books = book(history, method)
    value, unrealized = value_position(held.qty, held.cost, mark, rate_at("USDSEK", price))

    assert realized + unrealized - sum(fill.commission for fill in history) == books["cash"] + value
    assert sum(books.values()) == 0
