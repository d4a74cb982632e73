"""How quotes travel between processes: batches go whole, as plain lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.desk.instrument import Renamed
from apps.desk.money import ZERO
from apps.desk.position import Split
from apps.desk.quote import EPOCH, Quote
from apps.live import bus
from apps.live.running import moved

from .bars import MinuteBar
from .feeds.base import Tick
from .quotes import board
from .splits import split_minutes

QUOTES, RENAMED, SPLIT = "quotes", "renamed", "split"
WORD_SECONDS = 0.25  # so often the desk publishes an empty batch, quotes or not: a quiet market is no lost line
MICROSECOND = timedelta(microseconds=1)

Packed = list[str | int]


def publish(quotes: Iterable[Quote]) -> list[MinuteBar]:
    """Puts a batch on this process's board and tells all others. Returns the minutes it finished."""
    quotes = list(quotes)
    finished = [bar for quote in quotes if (bar := board.put(quote)) is not None]
    bus.publish(QUOTES, quotes, packed)
    return finished


def hear(batch: Iterable[Quote | Packed]) -> None:
    """Takes a batch from the bus, packed by another process or of our own, and says which quotes moved."""
    for each in batch:
        if isinstance(each, Quote):
            moved(f"quote/{each.symbol}")
            continue
        symbol = str(each[0])
        known = board.quotes.get(symbol)
        if known is None or known.received_us < int(each[2]):
            board.put(unpack(each))
        moved(f"quote/{symbol}")


def packed(quotes: Iterable[Quote]) -> list[Packed]:
    return [pack(quote) for quote in quotes]


def tell_renamed(renamed: Renamed) -> None:
    """The same of a symbol: quotes of the new one come after it."""
    board.rename(renamed)
    bus.publish(RENAMED, [renamed.old, renamed.new])


def hear_renamed(names: list[str]) -> None:
    board.rename(Renamed(*names))


def tell_split(split: Split, at: datetime) -> list[MinuteBar]:
    """Has every process tell its minutes in the new shares; quotes of these come after it. Returns the minute of the
    old ones that it finished."""
    finished = split_minutes(split, at)
    bus.publish(SPLIT, [split.symbol, split.new, split.old, at.isoformat()])
    return finished


def hear_split(facts: list[Any]) -> None:
    symbol, new, old, at = facts
    split_minutes(Split(symbol, new, old), datetime.fromisoformat(at))


def pack(quote: Quote) -> Packed:
    figures = (quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.last, getattr(quote, "volume", ZERO))
    venue_us = (quote.venue_at - EPOCH) // MICROSECOND
    return [quote.symbol, venue_us, quote.received_us, *map(str, figures)]


def unpack(row: Packed) -> Tick:
    symbol, venue_us, received_us, *figures = row
    bid, ask, bid_size, ask_size, last, volume = map(Decimal, figures)
    venue_at, received_at = (EPOCH + timedelta(microseconds=int(us)) for us in (venue_us, received_us))
    return Tick(str(symbol), bid, ask, bid_size, ask_size, last, venue_at, received_at, volume)
