"""What drawing costs: microseconds of CPU for the fragments that are drawn most often. Needs django.setup."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from apps.live.fragments import draw
from apps.market.feeds import Tick
from apps.market.models import Instrument
from apps.market.queries import MarketStatus
from apps.market.quotes import board
from apps.portfolio.value import Holding, Holdings

SYMBOLS = ("AAPL", "AMD", "AMZN", "GOOG", "INTC", "META", "MSFT", "NFLX", "NVDA", "TSLA")
TOGETHER = ("account", "positions", "breakdown")
BATCHES, BATCH = 15, 200
SHARES = Decimal(300)


def quote(symbol: str, number: int) -> None:
    """The next quote of the symbol, some cents away."""
    at = datetime.now(UTC) + timedelta(microseconds=number)
    last = Decimal("123.45") + Decimal(number % 97) / 100
    board.put(Tick(symbol, last - Decimal("0.01"), last, SHARES, SHARES, last, at, at, SHARES))


def open_board() -> None:
    board.clear()
    board.status = MarketStatus(is_open=True)
    for number, symbol in enumerate(SYMBOLS, 1):
        board.instruments[symbol] = Instrument(pk=number, symbol=symbol, previous_close=Decimal(120))
        quote(symbol, number)


def holdings() -> Holdings:
    positions = tuple(
        Holding(symbol, f"{symbol} Inc.", SHARES, Decimal(0), Decimal(36_000), Decimal(12), Decimal(1), Decimal(120))
        for symbol in SYMBOLS
    )
    return Holdings(1, Decimal(100_000), Decimal(250), positions, date(2026, 3, 2), 0)


def cost(work: Callable[[int], None]) -> float:
    """Microseconds of CPU once, by the median batch."""
    costs = []
    for batch in range(BATCHES):
        begun = time.thread_time()
        for number in range(batch * BATCH, (batch + 1) * BATCH):
            work(number)
        costs.append((time.thread_time() - begun) / BATCH)
    return statistics.median(costs) * 1_000_000


def draw_costs() -> tuple[float, float]:
    """A quote, and the three fragments of an account with ten positions after one of their quotes moved."""
    open_board()
    held = holdings()

    def moved(number: int) -> None:
        quote("AAPL", number)

    def portfolio(number: int) -> None:
        moved(number)
        for kind in TOGETHER:
            draw(f"{kind}/1", held, {})

    def single(number: int) -> None:
        draw("quote/AAPL", "AAPL", {})

    return cost(single), cost(portfolio) - cost(moved)
