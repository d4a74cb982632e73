"""Trailing stops that share a mark are where each would be by itself; the plain look at every order is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.desk.book import Book
from apps.desk.matching import is_elected, match
from apps.desk.order import Order, OrderType, Side, TimeInForce
from apps.desk.quote import Quote

from .build import NOON, order, quote

TRAILS = [("trail_amount", "0.10"), ("trail_amount", "0.25"), ("trail_percent", "1"), ("trail_percent", "33.3")]
ticks = st.integers(980, 1020).map(lambda number: Decimal(number).scaleb(-2))


@st.composite
def trailing(draw: Callable[..., object], order_id: str) -> Order:
    name, trail = draw(st.sampled_from(TRAILS))
    return Order(
        order_id,
        "AAPL",
        draw(st.sampled_from(Side)),
        OrderType.TRAILING_STOP,
        Decimal(draw(st.integers(1, 9))),
        NOON,
        watermark=draw(st.none() | ticks),
        triggered=draw(st.integers(0, 9)) == 0,
        time_in_force=draw(st.sampled_from([TimeInForce.GTC] * 8 + [TimeInForce.IOC])),
        **{name: Decimal(trail)},
    )


@st.composite
def quotes(draw: Callable[..., Decimal]) -> Quote:
    low, high = sorted((draw(ticks), draw(ticks)))
    return Quote("AAPL", low, high, Decimal(20), Decimal(20), low, NOON, NOON)


def agree(book: Book, plain: dict[str, Order], against: Quote) -> None:
    """About every order, also when it is asked for alone, and in what the quote does."""
    assert {each.order_id: each for each in book} == plain
    assert {order_id: book.get(order_id) for order_id in plain} == plain
    follow = {order_id: each.watermark for order_id, each in plain.items() if each.follows and each.watermark}
    assert dict(book.watermarks()) == follow
    found = book.reached(against)
    assert {each.order_id for each in found if each.follows and each.time_in_force is TimeInForce.GTC} == {
        order_id
        for order_id, each in plain.items()
        if each.time_in_force is TimeInForce.GTC and is_elected(each, against)
    }
    by_book, by_all = (match(each, against, NOON, stale_ms=15_000) for each in (found, list(plain.values())))
    assert by_book == by_all


@given(st.integers(0, 25), st.lists(quotes(), min_size=1, max_size=8), st.data())
def test_many_that_trail_alike_are_each_where_they_would_be_alone(
    count: int, path: list[Quote], data: st.DataObject
) -> None:
    """R-ORDER: while some come, go and change, and the market goes up and down."""
    plain = {f"o{number}": data.draw(trailing(f"o{number}")) for number in range(count)}
    book = Book(plain.values())
    for number, against in enumerate(path):
        for gone in data.draw(st.lists(st.sampled_from(sorted(plain)), max_size=3, unique=True)) if plain else ():
            book.take(gone)
            del plain[gone]
        if plain:
            changed = plain[data.draw(st.sampled_from(sorted(plain)))]
            name, trail = data.draw(st.sampled_from(TRAILS))
            terms = {"trail_amount": None, "trail_percent": None, name: Decimal(trail)}
            plain[changed.order_id] = replace(changed, **terms)
            book.put(plain[changed.order_id])
        new = data.draw(trailing(f"n{number}"))
        plain[new.order_id] = new
        book.put(new)

        book.see(against)
        plain = {order_id: each.seeing(against) for order_id, each in plain.items()}

        agree(book, plain, against)


def test_new_best_price_moves_the_mark_and_no_order() -> None:
    """However many follow, and by however many trails."""
    book = Book(order(f"o{number}: sell 1 AAPL trail {number + 1}") for number in range(10_000))
    book.see(quote("AAPL 20000.00/20000.01"))
    before = dict(book.orders)

    for bid in (20_001, 20_002, 19_990, 20_003):
        book.see(quote(f"AAPL {bid}/{bid + 1}"))

    assert [(mark.watermark, len(mark)) for mark in book.trails[Side.SELL].marks.values()] == [(20_003, 10_000)]
    assert all(each is before[order_id] for order_id, each in book.orders.items())
    last = book.get("o9999")
    assert last is not None
    assert (last.watermark, last.stop_at) == (20_003, 10_003)
    assert {each.order_id for each in book.reached(quote("AAPL 20001/20002"))} == {"o0", "o1"}


def test_marks_of_many_prices_become_one_when_the_market_passes_them() -> None:
    falling = [order(f"o{number}: buy 1 AAPL trail 5%", watermark=Decimal(200 + number)) for number in range(100)]
    book = Book(falling)

    book.see(quote("AAPL 249.00/250.00"))
    among = book.trails[Side.BUY].marks

    assert (len(among), len(among[Decimal(250)])) == (51, 50)
