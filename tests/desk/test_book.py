"""The book finds what matching needs, and never less: the plain look at every order is the oracle."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.book import Book
from apps.desk.matching import match

from .build import NOON, order, quote
from .test_matching_properties import books, quotes


def matched(orders, against):
    return match(orders, against, NOON, stale_ms=15_000)


@given(books(), st.lists(quotes(), min_size=1, max_size=8), st.data())
def test_book_and_a_look_at_every_order_agree(orders, path, data):
    """R-ORDER: quote after quote, while orders come, change and go."""
    book, plain = Book(orders), {each.order_id: each for each in orders}
    for against in path:
        if plain and data.draw(st.booleans()):
            gone = data.draw(st.sampled_from(sorted(plain)))
            book.take(gone)
            del plain[gone]
        if plain and data.draw(st.booleans()):
            changed = plain[data.draw(st.sampled_from(sorted(plain)))]
            changed = replace(changed, quantity=changed.quantity + 1, triggered=True)
            book.put(changed)
            plain[changed.order_id] = changed
        book.see(against)
        plain = {order_id: each.seeing(against) for order_id, each in plain.items()}

        assert matched(book.reached(against), against) == matched(list(plain.values()), against)
        seen = {order_id: each.watermark for order_id, each in plain.items()}
        assert {each.order_id: each.watermark for each in book} == seen


@pytest.mark.parametrize(
    ("text", "prices", "found"),
    [
        ("a: buy 1 AAPL limit 10.00", "9.99/10.00", True),
        ("a: buy 1 AAPL limit 10.00", "9.99/10.01", False),
        ("a: sell 1 AAPL limit 10.00", "10.00/10.01", True),
        ("a: sell 1 AAPL limit 10.00", "9.99/10.01", False),
        ("a: buy 1 AAPL stop 10.00", "9.99/10.00", True),
        ("a: buy 1 AAPL stop 10.00", "9.98/9.99", False),
        ("a: sell 1 AAPL stop 10.00", "10.00/10.01", True),
        ("a: sell 1 AAPL stop 10.00", "10.01/10.02", False),
        ("a: buy 1 AAPL", "9.99/10.01", True),
        ("a: buy 1 AAPL limit 5.00 ioc", "9.99/10.01", True),
    ],
)
def test_only_what_the_quote_reaches_is_found(text, prices, found):
    assert [each.order_id for each in Book([order(text)]).reached(quote(f"AAPL {prices}"))] == ["a"] * found


def test_ten_thousand_that_wait_are_not_looked_at():
    prices = [Decimal(number % 900 + 1).scaleb(-2) for number in range(10_000)]
    waiting = [order(f"o{number}: buy 1 AAPL limit {price}") for number, price in enumerate(prices)]
    book = Book([*waiting, order("a: buy 1 AAPL limit 10.00")])

    assert [each.order_id for each in book.reached(quote("AAPL 9.99/10.00"))] == ["a"]
    assert len(book) == 10_001


def test_what_is_taken_out_twice_or_never_was_there_is_no_fault():
    book = Book([order("a: buy 1 AAPL limit 10.00")])

    for order_id in ("a", "a", "b"):
        book.take(order_id)

    assert len(book) == 0
    assert book.reached(quote("AAPL 1.00/1.01")) == []
