"""How orders meet quotes: at which price they trade, which elects a stop, how long they travel, how far they slip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from hashlib import sha256

from .money import ZERO, plain
from .order import Order, Side
from .quote import Quote

STEP = Decimal("0.0001")  # USD; a slipped price is rounded to it, against the trader
DICE = 1_000_000
BPS = Decimal(10_000)


class Price(StrEnum):
    """`touch`: buys the ask, sells the bid. `last`: the last trade, for both."""

    TOUCH = "touch"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Policy:
    """The same orders, quotes and seed give the same fills. Sizes displayed bound every fill, whatever its price."""

    fills_at: Price = Price.TOUCH
    elects_on: Price = Price.TOUCH
    latency_ms: int = 0
    slippage_bps: Decimal = ZERO
    seed: int = 0

    @property
    def name(self) -> str:
        """As a fill keeps it, such as `touch-displayed-size, stops on last, 50 ms, slips 2 bps (seed 7)`."""
        parts = [f"{self.fills_at}-displayed-size"]
        if self.elects_on is not self.fills_at:
            parts.append(f"stops on {self.elects_on}")
        if self.latency_ms:
            parts.append(f"{self.latency_ms} ms")
        if self.slippage_bps:
            parts.append(f"slips {plain(self.slippage_bps)} bps (seed {self.seed})")
        return ", ".join(parts)

    def market(self, quote: Quote) -> Quote:
        """The quote that orders trade at."""
        return seen_by(self.fills_at, quote)

    def signal(self, quote: Quote) -> Quote:
        """The quote that elects stops and that trailing stops follow."""
        return seen_by(self.elects_on, quote)

    def has_arrived(self, order: Order, now: datetime) -> bool:
        """Whether the order has reached the market; one that was changed travels again.

        Without latency no clock is asked: that of who placed it may be ahead.
        """
        return not self.latency_ms or now >= order.placed_at + timedelta(milliseconds=self.latency_ms)

    def slipped(self, order: Order, price: Decimal, quote: Quote) -> Decimal:
        """The price after slippage (USD): up to so many basis points worse, by the seed, and never past a limit."""
        if not self.slippage_bps:
            return price
        drawn = sha256(f"{self.seed}:{order.order_id}:{plain(order.cum_qty)}:{quote.received_us}".encode()).digest()
        share = Decimal(int.from_bytes(drawn[:8], "big") % (DICE + 1)) / DICE
        away = price * self.slippage_bps * share / BPS
        if order.side is Side.BUY:
            worse = (price + away).quantize(STEP, ROUND_CEILING)
            return worse if order.limit is None else max(price, min(worse, order.limit))
        worse = max((price - away).quantize(STEP, ROUND_FLOOR), STEP)
        return worse if order.limit is None else min(price, max(worse, order.limit))


TOUCH = Policy()
WORDS = {
    "touch-displayed-size": "at the bid or ask, up to the size shown",
    "last-displayed-size": "at the last trade, up to the size shown",
}


def in_words(name: str) -> str:
    """A policy's name as a trader reads it: `at the bid or ask, up to the size shown, 50 ms`."""
    first, *others = name.split(", ")
    return ", ".join([WORDS.get(first, first), *others])


def seen_by(price: Price, quote: Quote) -> Quote:
    return quote if price is Price.TOUCH else replace(quote, bid=quote.last, ask=quote.last)
