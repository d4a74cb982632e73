"""The built-in paper broker: orders meet the feed's own quotes, up to the sizes that these show."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import chain
from threading import Lock
from typing import Any

from django.conf import settings

from apps.desk.book import Book
from apps.desk.calendar import Trading, trading_at
from apps.desk.instrument import Renamed
from apps.desk.matching import Displayed, match
from apps.desk.money import TINIEST_PRICE
from apps.desk.order import Order
from apps.desk.quote import Quote
from apps.market.quotes import board
from apps.market.rates import currency_of, rate_now
from apps.trades.filling import MatchOutcome, match_symbol
from apps.trades.models import desk_order
from apps.trades.queries import policy, relatives_of, version_of, working_rows, working_versions

log = logging.getLogger(__name__)


def lot_of(symbol: str) -> Decimal:
    """What it trades in, as far as this process knows; else the least there can be, so that `fill` decides."""
    row = board.instruments.get(symbol)
    return row.lot_size if row else TINIEST_PRICE


class PaperBroker:
    """Keeps the working orders in memory to look at each quote; what it fills, it fills from the database.

    The desk's loop looks at the books while the matching thread changes them. Whoever does either holds `turn`, and
    asks nothing of the database meanwhile.
    """

    name = "paper"

    def __init__(self) -> None:
        self.turn = Lock()
        self.books: defaultdict[str, Book] = defaultdict(Book)
        self.symbols: dict[str, str] = {}  # of every order in a book
        self.versions: dict[str, Any] = {}  # what the database had of it when it was read
        self.stored: dict[str, Decimal] = {}  # the watermarks that the database has
        self.left: dict[str, tuple[Quote, Displayed]] = {}
        self.told: set[str] = set()

    def refresh(self, order_ids: Collection[str] | None = None) -> set[str]:
        """Reads those that are new or changed, whoever did it; those that are named without a look at all others."""
        if order_ids is not None:
            self.read(order_ids)
            return {self.symbols[order_id] for order_id in order_ids if order_id in self.symbols}
        before, self.versions = self.versions, working_versions()
        self.read({*before.keys() - self.versions.keys(), *dict(self.versions.items() - before.items())})
        with self.turn:
            return {symbol for symbol, book in self.books.items() if len(book)}

    def read(self, order_ids: Iterable[str]) -> None:
        """Has the books show these orders as they are now; one that works no more is in none."""
        asked = set(order_ids)
        rows = {str(row.pk): (version_of(row), desk_order(row)) for row in working_rows(asked)}
        with self.turn:
            for order_id in asked - rows.keys():
                self.take(order_id)
            for order_id, (version, order) in rows.items():
                self.versions[order_id] = version
                self.put(order)

    def put(self, order: Order) -> None:
        """Whoever calls it has the turn."""
        if order.watermark is not None:
            self.stored[order.order_id] = order.watermark
        book = self.books[order.symbol]
        known = book.get(order.order_id)
        book.put(order.having_seen(known.watermark if known else None))
        self.symbols[order.order_id] = order.symbol

    def take(self, order_id: str) -> None:
        """Whoever calls it has the turn."""
        symbol = self.symbols.pop(order_id, None)
        if symbol is not None:
            self.books[symbol].take(order_id)
        self.stored.pop(order_id, None)

    def trailed(self) -> dict[str, Decimal]:
        """The best prices that trailing stops have seen and the database does not have yet."""
        with self.turn:
            seen = chain.from_iterable(book.watermarks() for book in self.books.values())
            return {order_id: watermark for order_id, watermark in seen if self.stored.get(order_id) != watermark}

    def would_fill(self, quote: Quote, now: datetime) -> bool:
        book = self.books.get(quote.symbol)
        trading = trading_at(board.calendar(quote.symbol), now, quote.received_at)
        if not book or trading is Trading.SHUT:
            return False
        if trading is not Trading.EXTENDED and not quote.is_stale(now, settings.QUOTE_STALE_MS):
            signal = policy().signal(quote)
            with self.turn:
                book.see(signal)
        matched = match(
            self.reached(quote),
            rate_now(currency_of(quote.symbol)).dated(quote),
            now,
            stale_ms=settings.QUOTE_STALE_MS,
            displayed=self.left_of(quote),
            lot_size=lot_of(quote.symbol),
            trading=trading,
            policy=policy(),
        )
        return bool(matched.executions or matched.triggered or matched.killed)

    def reached(self, quote: Quote) -> list[Order]:
        market, signal = policy().market(quote), policy().signal(quote)
        with self.turn:
            return self.books[quote.symbol].reached(market, signal)

    def fill(self, quote: Quote, now: datetime) -> None:
        reached = {order.order_id: order.watermark for order in self.reached(quote)}
        self.settle(quote, match_symbol(quote.symbol, quote, self.left_of(quote), now, reached), reached)

    def close(self, symbol: str, quote: Quote, closed_at: datetime, order_ids: set[str]) -> None:
        among = dict.fromkeys(order_ids)
        outcome = match_symbol(symbol, quote, self.left_of(quote), closed_at, among, Trading.CLOSING)
        self.settle(quote, outcome, order_ids)

    def settle(self, quote: Quote, outcome: MatchOutcome, reached: Iterable[str]) -> None:
        """Remembers what is left of the quote, and has the books show what became of the orders."""
        self.left[quote.symbol] = quote, outcome.left
        for order_id in outcome.failed.keys() - self.told:
            self.told.add(order_id)
            log.error("an order was not matched", exc_info=outcome.failed[order_id], extra={"order": order_id})
        self.read({*reached, *relatives_of(outcome.moved)})
        with self.turn:
            for order_id in outcome.failed:  # left out until the next refresh: tried each second, not at each quote
                self.take(order_id)
                self.versions.pop(order_id, None)

    def rename(self, renamed: Renamed) -> None:
        self.left.pop(renamed.old, None)
        with self.turn:
            for order in self.books.pop(renamed.old, Book()):
                self.books[renamed.new].put(replace(order, symbol=renamed.new))
                self.symbols[order.order_id] = renamed.new

    def left_of(self, quote: Quote) -> Displayed:
        """The displayed sizes that no fill has taken yet. A new quote shows its sizes anew."""
        before, left = self.left.get(quote.symbol, (None, None))
        if left is not None and before == quote:
            return left
        return Displayed(quote.bid_size, quote.ask_size)
