"""A desk in the middle of its day: every page has something to show, and every action something to change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.test import Client

from apps.accounts.models import User
from apps.desk.calendar import ALWAYS
from apps.desk.matching import Displayed
from apps.market import services as market
from apps.market import wire
from apps.market.feeds import Feed, Listing, Session, Tick
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.trades import filling
from apps.trades import services as trades
from apps.trades.models import Order
from apps.trades.queries import orders_of
from apps.trades.ticket import Placed
from apps.watchlist import services as watchlist
from tests.trades.words import fields_of, ticket_of

SYMBOLS = ("AAPL", "MSFT", "NVDA", "TSLA")  # TSLA has no quote yet
JSON = {"accept": "application/json"}


class Venue(Feed):
    """Lists the symbols; the test says what day it is there and whether it trades."""

    name = "venue"

    def __init__(self) -> None:
        self.day, self.is_open = date(2026, 3, 2), True
        self.closes = {"AAPL": Decimal(140), "MSFT": Decimal(400), "NVDA": Decimal(100)}

    def clock(self) -> datetime:
        return datetime.now(UTC)

    def session(self) -> Session:
        opens = datetime(self.day.year, self.day.month, self.day.day, 14, 30, tzinfo=UTC)
        reason = "Regular session" if self.is_open else "The day is over"
        return Session(self.day, opens, opens + timedelta(hours=6), self.is_open, reason, self.closes)

    def instruments(self) -> list[Listing]:
        return [Listing(symbol, f"{symbol} Inc.") for symbol in SYMBOLS]

    async def quotes(self) -> AsyncIterator[list[Tick]]:
        yield []


class Scene:
    """Alice holds AAPL and MSFT and has orders in every state and two lists; bob has seven AAPL."""

    def __init__(self, alice: User, bob: User, settings: Any) -> None:
        self.alice, self.bob, self.settings = alice, bob, settings
        settings.QUOTE_STALE_MS, settings.MARKET_CALENDAR = 3_600_000, ALWAYS
        self.numbers = count(1)
        self.clients = {user.pk: Client(headers=JSON) for user in (alice, bob)}
        for user in (alice, bob):
            self.clients[user.pk].force_login(user)
        self.client = self.clients[alice.pk]
        self.feed = Venue()
        market.open_market(self.feed)
        self.quote("AAPL", "149.99", "150.01", age=timedelta(minutes=10))
        self.quote("MSFT", "419.95", "420.05")
        self.quote("NVDA", "110.00", "110.02")
        self.account = portfolio.open_account(alice, Decimal(100_000))
        self.bobs = portfolio.open_account(bob, Decimal(100_000))
        self.first = watchlist.default_watchlist(alice)
        second = watchlist.create_watchlist(alice, "Second")
        assert not isinstance(second, watchlist.Refused)
        self.second = second
        watchlist.import_symbols(second, ["MSFT", "TSLA"])
        watchlist.default_watchlist(bob)
        for words in ("buy 100 AAPL", "buy 10 MSFT"):
            self.traded(words)
        self.traded("buy 7 AAPL", owner=self.bobs)
        self.partial = self.placed("buy 50 MSFT limit 421", then=ticket_of("sell 20 MSFT limit 500", ""))
        self.waiting = Order.objects.get(after=self.partial)
        self.match("MSFT", size=20)
        self.resting = self.placed("buy 100 AAPL limit 140")
        self.lasting = self.placed("sell 10 AAPL limit 200", tif="gtc")
        self.stop = self.placed("sell 5 AAPL stop 120")
        self.canceled = self.placed("buy 1 NVDA limit 90")
        trades.cancel_order(self.account, self.canceled.pk, self.now)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def quote(self, symbol: str, bid: str, ask: str, age: timedelta = timedelta()) -> None:
        """A quote as the feed's: on the board of this process and, by the bus, on its way to the pages."""
        at, size = self.now - age, Decimal(1000)
        prices = (Decimal(bid), Decimal(ask), size, size, Decimal(ask))
        wire.publish([Tick(symbol, *prices, venue_at=at, received_at=at, volume=Decimal(10))])

    def match(self, symbol: str, size: int = 1000) -> None:
        quote = board.latest(symbol)
        assert quote is not None
        assert filling.match_symbol(symbol, quote, Displayed(Decimal(size), Decimal(size)), self.now).failed == {}

    def placed(self, words: str, tif: str = "day", owner: Any = None, **more: Any) -> Order:
        """Places what the words say: `buy 10 AAPL limit 150`."""
        ticket = ticket_of(words, f"ticket-{next(self.numbers)}", tif, **more)
        answer = trades.place_order(owner or self.account, ticket, self.now)
        assert isinstance(answer, Placed), answer
        return answer.order

    def traded(self, words: str, owner: Any = None, size: int = 1000) -> None:
        self.placed(words, owner=owner)
        self.match(words.split()[2], size)

    def line(self, symbol: str) -> Any:
        return self.first.symbols.get(instrument__symbol=symbol)

    def post(self, path: str, status: int, **fields: str) -> None:
        """What alice's browser sends."""
        answer = self.client.post(path, fields)
        assert answer.status_code == status, answer.content

    def order(self, words: str, status: int = 201, **fields: str) -> None:
        self.post("/orders/", status, **{**fields_of(ticket_of(words, "")), **fields})

    def newest(self) -> Order:
        return orders_of(self.account.pk)[0]
