"""What a quote costs the matching: by how many orders wait, and by how many it reaches.

An order and a quote are decided on once the desk knows whether the quote does anything to the order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, repeat

from apps.desk.book import Book
from apps.desk.matching import match
from apps.desk.order import Order, OrderType, Side
from apps.desk.quote import Quote

NAME = "matching"
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
WAITING = (100, 1_000, 10_000, 100_000)
REACHED = (10, 100, 1_000)
TRAILING = 10_000
LEAST_A_SECOND = 100_000  # decisions
CENT = Decimal("0.01")
SECONDS = 0.5
STALE_MS = 15_000


def order(number: int, price: Decimal) -> Order:
    placed = NOW - timedelta(milliseconds=number % 1000)
    return Order(f"o{number}", "AAPL", Side.BUY, OrderType.LIMIT, Decimal(10), placed, limit_price=price)


def book_of(waiting: int, reached: int) -> Book:
    """Buys far below a market at 100.00, and some at it."""
    far = [order(number, Decimal(number % 5_000 + 1).scaleb(-2)) for number in range(waiting)]
    return Book([*far, *(order(waiting + number, Decimal("100.00")) for number in range(reached))])


def trailing_book(stops: int) -> Book:
    """Sells that trail by one of a hundred amounts."""
    terms = ("AAPL", Side.SELL, OrderType.TRAILING_STOP, Decimal(10), NOW)
    trails = [Decimal(number % 100 + 1).scaleb(-1) for number in range(stops)]
    return Book(Order(f"o{number}", *terms, trail_amount=trail) for number, trail in enumerate(trails))


def quoted(bid: Decimal) -> Quote:
    return Quote("AAPL", bid, bid + CENT, *[Decimal(0)] * 2, bid, NOW, NOW)


def still() -> Iterator[Quote]:
    return repeat(quoted(Decimal("99.99")))


def rising() -> Iterator[Quote]:
    """A new high each time."""
    return map(quoted, count(Decimal("100.00"), CENT))


def quotes_per_second(book: Book, quotes: Iterator[Quote]) -> float:
    """Quotes a second of one core, each seen and matched."""
    started, done = time.process_time(), 0
    while time.process_time() - started < SECONDS:
        quote = next(quotes)
        book.see(quote)
        match(book.reached(quote), quote, NOW, stale_ms=STALE_MS)
        done += 1
    return done / (time.process_time() - started)


def measured() -> Iterator[tuple[str, int, int, float]]:
    """Which orders, how many wait, how many are reached, and quotes a second."""
    for waiting, reached in [*((waiting, 0) for waiting in WAITING), *((10_000, reached) for reached in REACHED)]:
        yield "limits", waiting, reached, quotes_per_second(book_of(waiting, reached), still())
    yield "trailing stops, each quote a new high", TRAILING, 0, quotes_per_second(trailing_book(TRAILING), rising())


def table(rows: Iterable[tuple[str, int, int, float]]) -> tuple[str, bool]:
    """In Markdown, and whether every row is decided as fast as is promised."""
    lines = [
        "### Matching: 10,000 and more orders that wait, some of them at the quote's price",
        "",
        f"| orders | waiting | reached | µs a quote | million decisions/s (least {LEAST_A_SECOND / 1e6:g}) | holds |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    held = True
    for orders, waiting, reached, rate in rows:
        decisions = rate * (waiting + reached)
        fast = decisions >= LEAST_A_SECOND
        held &= fast
        figures = f"{waiting:,} | {reached:,} | {1e6 / rate:.1f} | {decisions / 1e6:.2f}"
        lines.append(f"| {orders} | {figures} | {'yes' if fast else '**no**'} |")
    return "\n".join(lines), held
