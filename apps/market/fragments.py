"""The market's live fragments. A quote is drawn very often: it is formatted before it meets the template."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.desk.calendar import Phase
from apps.desk.quote import EPOCH, Quote
from apps.live.fragments import Fragment, register
from apps.live.kinds import event_kinds
from apps.live.moments import micros
from apps.live.running import on_sweep

from . import queries
from .hours import calendar_named, in_words
from .quotes import board
from .rates import currency_of
from .templatetags.figures import UNKNOWN, ago, direction, price_in, qty, signed_pct, signed_usd

MICROSECONDS = 1_000_000
UNCHANGED = {"sign": "flat", "change": "", "ratio": "", "note": ""}
SPARK_WIDTH, SPARK_HEIGHT = 80, 24

event_kinds(
    "market",
    {
        "opened": "orders are executed from now on",
        "closed": "no order is executed until it opens again",
        "instrument": "what can be traded, or its terms, changed",
        "renamed": "something goes on under a new symbol",
    },
)


class SymbolFragment(Fragment):
    """Drawn from the board; what is read is only that the board knows the symbol. Follows its quote."""

    def load(self, key: str) -> str:
        if not board.knows(key):
            board.catch_up()
        return key

    def follows(self, facts: str) -> Iterable[str]:
        return (f"quote/{facts}",)


class QuoteFragment(SymbolFragment):
    kind = "quote"
    template = "market/_quote.html"

    def follows(self, facts: str) -> Iterable[str]:
        return ()

    def context(self, key: str, facts: Any) -> dict[str, Any]:
        quote = board.quotes.get(key)
        shown = {"symbol": key, "ts": 0, "tone": "flat", "price": UNKNOWN, "age": "", **UNCHANGED}
        if quote is None:
            return {**shown, "note": "no quote yet"}
        change = board.change(key)
        stale = board.is_stale(quote, timezone.now())
        shown["ts"] = quote.received_us
        shown["tone"] = "stale" if stale else board.direction(key)
        shown["price"] = price_in(quote.last, currency_of(key))
        if stale:
            shown["age"] = ago(quote.received_at)
        if change is not None:
            shown["sign"] = direction(change.amount)
            shown["change"] = signed_usd(change.amount)
            shown["ratio"] = signed_pct(change.ratio)
            shown["note"] = "since open" if change.since_open else ""
        return shown


class SparkFragment(SymbolFragment):
    kind = "spark"
    template = "market/_spark.html"
    every = 15.0

    def load(self, key: str) -> str:
        super().load(key)
        board.learn_minutes()
        return key

    def context(self, key: str, facts: Any) -> dict[str, Any]:
        quote, prices = board.quotes.get(key), board.spark(key)
        moved = prices[-1] - prices[0] if prices else None
        return {
            "symbol": key,
            "ts": quote.received_us if quote else 0,
            "points": polyline(prices),
            "tone": direction(moved),
            "minutes": len(prices),
            "moved": signed_usd(moved),
            "currency": currency_of(key),
        }


def polyline(prices: list[Decimal]) -> str:
    """The prices as points of an SVG; fewer than two are no line."""
    if len(prices) < 2:
        return ""
    values = [float(each) for each in prices]
    low, high = min(values), max(values)
    scale = (SPARK_HEIGHT - 2) / (high - low) if high > low else 0.0
    bottom = SPARK_HEIGHT - 1
    return shape(len(values)) % tuple([bottom - scale * (value - low) for value in values])


@cache
def shape(count: int) -> str:
    """So many points from left to right, each with a place for its height."""
    step = SPARK_WIDTH / (count - 1)
    return " ".join(f"{step * place:.0f},%.1f" for place in range(count))


class BookFragment(SymbolFragment):
    kind = "book"
    template = "market/_book.html"
    every = 0.25

    def context(self, key: str, facts: Any) -> dict[str, Any]:
        quote = board.quotes.get(key)
        if quote is None:
            return {"symbol": key, "ts": 0, "stale": False, "bid": ""}
        stale, currency = board.is_stale(quote, timezone.now()), currency_of(key)
        return {
            "symbol": key,
            "ts": quote.received_us,
            "stale": stale,
            "age": ago(quote.received_at),
            "bid": price_in(quote.bid, currency),
            "ask": price_in(quote.ask, currency),
            "bid_fill": f"{quote.bid:f}",
            "ask_fill": f"{quote.ask:f}",
            "bid_size": qty(quote.bid_size),
            "ask_size": qty(quote.ask_size),
            "spread": price_in(quote.spread, currency),
            "last": price_in(quote.last, currency),
            "bid_share": share(quote),
        }


def share(quote: Quote) -> int:
    """The bid's part of the displayed size, in per cent."""
    shown = quote.bid_size + quote.ask_size
    return int(100 * quote.bid_size / shown) if shown else 50


class BarFragment(SymbolFragment):
    """The minute being traded: what the chart takes to go on."""

    kind = "bar"
    template = "market/_bar.html"
    every = 1.0

    def context(self, key: str, facts: Any) -> dict[str, Any]:
        quote, bar = board.quotes.get(key), board.current_bar(key)
        time = int(bar.start.timestamp()) if bar else 0
        return {"symbol": key, "ts": quote.received_us if quote else 0, "bar": bar, "time": time}


class DeskFragment(Fragment):
    """The market's state in one line, on every page. Reading it also brings the board up to date."""

    kind = "market"
    template = "market/_desk.html"

    def load(self, key: str) -> queries.MarketStatus:
        return board.refresh()

    def context(self, key: str, facts: queries.MarketStatus) -> dict[str, Any]:
        now = timezone.now()
        silent = facts.is_quoting and board.silent(now)
        calendar = calendar_named(facts.calendar)
        is_open = facts.is_open and facts.phase == Phase.OPEN
        turned = board.live_since
        if silent and board.newest > EPOCH:
            turned = board.newest + timedelta(milliseconds=settings.QUOTE_STALE_MS)
        return {
            "state": "silent" if silent else "open" if is_open else "closed",
            "hours": in_words(calendar, now) if calendar.has_hours and facts.is_open else "",
            "status": facts,
            "quoted_at": board.newest.astimezone(UTC) if board.newest > EPOCH else None,
            "ts": micros(max(facts.changed_at or EPOCH, turned)),
        }


def aged() -> list[str]:
    """Topics to draw again although no quote came: once a second the hub asks."""
    now = timezone.now()
    topics = [f"quote/{symbol}" for symbol in board.newly_stale(now)]
    return [*topics, "market/desk"] if board.turned_silent(now) else topics


for kind in (QuoteFragment, SparkFragment, BookFragment, BarFragment, DeskFragment):
    register(kind())
on_sweep(aged)
