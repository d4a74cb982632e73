"""What a quote costs the matching: by how many orders wait, and by how many it reaches.

An order and a quote are decided on once the desk knows whether the quote does anything to the order.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from apps.desk.book import Book
from apps.desk.matching import match
from apps.desk.order import Order, OrderType, Side
from apps.desk.quote import Quote

NAME = "matching"
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
WAITING = (100, 1_000, 10_000, 100_000)
REACHED = (10, 100, 1_000)
SECONDS = 0.5
STALE_MS = 15_000


def order(number: int, price: Decimal) -> Order:
    placed = NOW - timedelta(milliseconds=number % 1000)
    return Order(f"o{number}", "AAPL", Side.BUY, OrderType.LIMIT, Decimal(10), placed, limit_price=price)


def book_of(waiting: int, reached: int) -> Book:
    """Buys far below a market at 100.00, and some at it."""
    far = [order(number, Decimal(number % 5_000 + 1).scaleb(-2)) for number in range(waiting)]
    return Book([*far, *(order(waiting + number, Decimal("100.00")) for number in range(reached))])


def quotes_per_second(book: Book) -> float:
    """Quotes a second of one core, each seen and matched."""
    quote = Quote("AAPL", Decimal("99.99"), Decimal("100.00"), *[Decimal(0)] * 2, Decimal("100.00"), NOW, NOW)
    started, done = time.process_time(), 0
    while time.process_time() - started < SECONDS:
        book.see(quote)
        match(book.reached(quote), quote, NOW, stale_ms=STALE_MS)
        done += 1
    return done / (time.process_time() - started)


def table() -> str:
    """In Markdown."""
    lines = [
        "### Matching: 10,000 and more orders that wait, some of them at the quote's price",
        "",
        "| waiting | reached | µs a quote | million decisions/s |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for waiting, reached in [*((waiting, 0) for waiting in WAITING), *((10_000, count) for count in REACHED)]:
        rate = quotes_per_second(book_of(waiting, reached))
        decisions = rate * (waiting + reached) / 1e6
        lines.append(f"| {waiting:,} | {reached:,} | {1e6 / rate:.1f} | {decisions:.2f} |")
    return "\n".join(lines)
