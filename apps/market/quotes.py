"""The newest quote of every symbol, in memory, and what follows from it: direction, change, minutes, age."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps import telemetry
from apps.desk.calendar import AROUND_THE_CLOCK, Calendar
from apps.desk.instrument import Renamed
from apps.desk.quote import EPOCH, Quote, stale_since

from . import queries
from .bars import BarMaker, MinuteBar
from .hours import calendar_named
from .models import Instrument, LastQuote
from .queries import MarketStatus

SPARK_MINUTES = 40
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """Against the previous close or, where none is known, since the session's first price; `ratio` 0.01 is 1 %."""

    amount: Decimal
    ratio: Decimal
    since_open: bool


def on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Board:
    """One a process, safe between threads. Quotes come by the bus, what was before them from the database."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forgets everything; the database tells it again."""
        with self.lock:
            self.quotes: dict[str, Quote] = {}
            self.directions: dict[str, str] = {}
            self.instruments: dict[str, Instrument] = {}
            self.hours: dict[str, Calendar] = {}
            self.bars = BarMaker()
            self.minutes: dict[str, dict[datetime, MinuteBar]] = defaultdict(dict)
            self.has_minutes = False
            self.splits: set[tuple[str, datetime]] = set()
            self.outdated = False
            self.status = MarketStatus()
            self.fresh: set[str] = set()
            self.turned: set[str] = set()
            self.newest = EPOCH
            self.live_since = EPOCH
            self.was_silent = self.spoke = False

    # What comes in

    def put(self, quote: Quote, *, traded: bool = True) -> MinuteBar | None:
        """Takes a newer quote; an older one or a repeat changes nothing. Returns the minute it finished.

        One that is not `traded` now was saved before: its trade is in the bars on record.
        """
        symbol = quote.symbol
        with self.lock:
            before = self.quotes.get(symbol)
            if before is not None and quote.received_at <= before.received_at:
                return None
            self.quotes[symbol] = quote
            move = 0 if before is None else quote.last.compare(before.last)
            self.directions[symbol] = "up" if move > 0 else "down" if move < 0 else "flat"
            self.fresh.add(symbol)
            if quote.received_at > self.newest:
                if self.silent(quote.received_at):
                    self.live_since, self.spoke = quote.received_at, True
                self.newest = quote.received_at
            finished = self.bars.add(quote) if traded else None
            if finished is not None:
                self.keep(finished)
            return finished

    def rename(self, renamed: Renamed) -> None:
        """All that is known of the old symbol is of the new one; again changes nothing."""
        old, new = renamed.old, renamed.new
        with self.lock:
            bars = [*self.minutes.get(old, {}).values(), *filter(None, [self.bars.current.get(old)])]
            for bar in bars:
                bar.symbol = new
            if row := self.instruments.get(old):
                row.symbol = new
            if quote := self.quotes.get(old):
                self.quotes[old] = replace(quote, symbol=new)
            by_symbol: tuple[dict[str, Any], ...] = (self.quotes, self.directions, self.instruments, self.hours)
            for known in (*by_symbol, self.minutes, self.bars.current):
                if old in known:
                    known.setdefault(new, known.pop(old))
            self.fresh -= {old}
            self.fresh |= {new} & self.quotes.keys()
            self.turned.add(new)

    def keep(self, bar: MinuteBar) -> None:
        minutes = self.minutes[bar.symbol]
        minutes[bar.start] = bar
        while len(minutes) >= SPARK_MINUTES:
            del minutes[next(iter(minutes))]

    def refresh(self) -> MarketStatus:
        """Brings the board up to date with the database, in two queries."""
        status = queries.market_state()
        self.learn(status)
        self.catch_up()
        return status

    def catch_up(self, since: datetime | None = None) -> datetime:
        """Reads, in one query, the instruments and quotes that are news to this process. Says how far it is now.

        A process that has not heard all quotes says since when: the newest it has is not the first it lacks.
        """
        since = upto = self.newest if since is None else since
        last_id = 0 if self.outdated else max((row.pk for row in self.instruments.values()), default=0)
        self.outdated = False
        news = Q(pk__gt=last_id) | Q(last_quote__received_at__gt=since)
        called = {row.pk: row.symbol for row in self.instruments.values()}
        for row in Instrument.objects.filter(news).select_related("last_quote"):
            if (before := called.get(row.pk, row.symbol)) != row.symbol:
                self.rename(Renamed(before, row.symbol))
            self.instruments[row.symbol] = row
            calendar = calendar_named(row.calendar)
            if calendar.has_hours:
                self.hours[row.symbol] = calendar
            else:
                self.hours.pop(row.symbol, None)
            saved = getattr(row, "last_quote", None)
            if saved is not None:
                self.put(quote_of(row.symbol, saved), traded=False)
                upto = max(upto, saved.received_at)
        return upto

    def learn(self, status: MarketStatus) -> None:
        """Takes the market's state. A new session has new closes; opening or closing changes what is stale."""
        self.outdated |= status.changed_at != self.status.changed_at
        if (status.is_open, status.phase) != (self.status.is_open, self.status.phase):
            self.turned |= set(self.quotes)
        self.status = status

    def learn_minutes(self, until: datetime | None = None) -> None:
        """Reads the last minutes of every symbol, in two queries, once; goes on with the one being traded."""
        until = until or max((quote.venue_at for quote in self.quotes.values()), default=None)
        if self.has_minutes or until is None:
            return
        rows, splits = queries.last_minutes(until, SPARK_MINUTES)
        with self.lock:
            self.splits |= splits
            later, self.minutes = self.minutes, defaultdict(dict)
            for bar in rows:
                current = self.bars.current.get(bar.symbol)
                if current is not None and current.start == bar.start:
                    current.follow(bar)
                elif current is None or current.start < bar.start:
                    if current is not None:
                        self.keep(current)
                    self.bars.current[bar.symbol] = bar
                else:
                    self.keep(bar)
            for symbol, minutes in later.items():
                self.minutes[symbol] |= minutes
            self.has_minutes = True

    # What is known

    def knows(self, symbol: str) -> bool:
        return symbol in self.instruments

    def latest(self, symbol: str) -> Quote | None:
        """The newest quote: in memory, else (never on an event loop) the one the desk saved."""
        quote = self.quotes.get(symbol)
        if quote is None and symbol not in self.instruments and not on_event_loop():
            self.catch_up()
            quote = self.quotes.get(symbol)
        return quote

    def latest_each(self, symbols: Iterable[str]) -> tuple[Quote | None, ...]:
        """The newest quote of each of them."""
        found = tuple(map(self.quotes.get, symbols))
        return found if all(found) else tuple(map(self.latest, symbols))

    def calendar(self, symbol: str) -> Calendar:
        """The hours it keeps; few keep any."""
        return self.hours.get(symbol, AROUND_THE_CLOCK)

    def previous_close(self, symbol: str) -> Decimal | None:
        row = self.instruments.get(symbol)
        if row is None and not on_event_loop():
            self.catch_up()
            row = self.instruments.get(symbol)
        return row.previous_close if row is not None else None

    def change(self, symbol: str) -> Change | None:
        quote, row = self.quotes.get(symbol), self.instruments.get(symbol)
        base = row and (row.previous_close or row.session_open)
        if quote is None or row is None or not base:
            return None
        amount = quote.last - base
        return Change(amount, amount / base, since_open=row.previous_close is None)

    def direction(self, symbol: str) -> str:
        """How the newest quote moved against the one before: up, down or flat."""
        return self.directions.get(symbol, "flat")

    def current_bar(self, symbol: str) -> MinuteBar | None:
        return self.bars.current.get(symbol)

    def current_bars(self) -> list[MinuteBar]:
        """The minutes being traded, for the desk to save."""
        return list(self.bars.current.values())

    def last_minutes(self, symbol: str) -> list[MinuteBar]:
        """The minutes that this process knows, the one being traded last."""
        with self.lock:
            minutes = list(self.minutes[symbol].values()) if symbol in self.minutes else []
            current = self.bars.current.get(symbol)
        return minutes if current is None else [*minutes, current]

    def spark(self, symbol: str) -> list[Decimal]:
        """The closes of the last minutes and the price now, oldest first."""
        return [bar.close for bar in self.last_minutes(symbol)]

    # What is old

    def is_stale(self, quote: Quote, now: datetime) -> bool:
        """Older than the rule while the market is open; a closed market is not stale."""
        return self.old((quote,), now)[0]

    def old(self, quotes: Iterable[Quote | None], now: datetime) -> tuple[bool, ...]:
        """Of each whether it is stale or missing."""
        since = stale_since(now, settings.QUOTE_STALE_MS) if self.status.is_open else NEVER
        if self.status.is_quoting or not self.hours:
            return tuple([quote is None or quote.received_at <= since for quote in quotes])
        return tuple(
            [quote is None or (quote.received_at <= since and quote.symbol not in self.hours) for quote in quotes]
        )

    def silent(self, now: datetime) -> bool:
        """No quote at all for as long as one may be old."""
        return now - self.newest > timedelta(milliseconds=settings.QUOTE_STALE_MS)

    def age(self) -> float | None:
        """Seconds since the newest quote; None of none."""
        if self.newest == EPOCH:
            return None
        return max((timezone.now() - self.newest).total_seconds(), 0.0)

    def newly_stale(self, now: datetime) -> list[str]:
        """Symbols to draw again though no quote came: gone stale since asked last, or the market turned."""
        with self.lock:
            gone = {symbol for symbol in self.fresh if self.is_stale(self.quotes[symbol], now)}
            self.fresh -= gone
            gone |= self.turned
            self.turned = set()
        return sorted(gone)

    def turned_silent(self, now: datetime) -> bool:
        """Whether the feed fell silent, or spoke again, since asked last."""
        silent = self.status.is_quoting and self.silent(now)
        turned = self.spoke or (silent and not self.was_silent)
        self.was_silent, self.spoke = silent, False
        return turned


def quote_of(symbol: str, row: LastQuote) -> Quote:
    sizes = (row.bid_size, row.ask_size)
    return Quote(symbol, row.bid, row.ask, *sizes, row.last, row.venue_at, row.received_at)


board = Board()
telemetry.feed_age.ask = board.age
