"""Every figure of the past is what the desk showed then: a receipt of each minute of some trading against what was
noted in that minute."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from apps.desk.order import OPEN
from apps.desk.quote import Quote
from apps.market import services as market
from apps.market.feeds import Listing, Session
from apps.market.models import Bar, Instrument
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio import terms
from apps.portfolio.asof import view_as_of
from apps.portfolio.models import Account, AccountKind, HoldChange
from apps.portfolio.queries import load_holdings, portfolio_value
from apps.portfolio.receipt_lines import FIGURES
from apps.portfolio.receipts import Asked, receipt_of
from apps.trades import filling, services
from apps.trades.models import Order
from apps.trades.ticket import Change

from .scripted import Scripted
from .words import ticket_of

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SYMBOLS = ("AAPL", "MSFT")
Noted = dict[str, Decimal | None]


class TwoSymbols(Scripted):
    """Its session is of the day that it is told, and counts from the closes that it is told."""

    def __init__(self, day: date, closes: dict[str, Decimal], at: datetime) -> None:
        super().__init__()
        self.day, self.closes = day, closes
        self.now = lambda: at

    def instruments(self) -> list[Listing]:
        return [Listing(symbol, symbol) for symbol in SYMBOLS]

    def session(self) -> Session:
        return Session(self.day, START - timedelta(days=9), START + timedelta(days=9), True, "", self.closes)


class Walk:
    """One account, minute by minute: what it does is from the dice, and what every figure was is noted."""

    def __init__(self, account: Account, dice: random.Random, clock: Any) -> None:
        self.account, self.dice, self.clock, self.at = account, dice, clock, START
        self.prices = dict.fromkeys(SYMBOLS, Decimal(100))
        self.noted: dict[datetime, Noted] = {}

    def minute(self, number: int) -> None:
        self.at = START + number * MINUTE
        self.clock.move_to(self.at)
        if number % 15 == 0:
            day = START.date() + timedelta(days=number // 15)
            market.open_session(TwoSymbols(day, dict(self.prices), self.at))
        quotes = [self.quote(symbol) for symbol in SYMBOLS]
        for _ in range(2):
            self.dice.choice((self.place, self.place, self.place, self.cancel, self.change, self.deposit))()
        for quote in quotes:
            filling.match_symbol(quote.symbol, quote, None, self.at)
        self.noted[self.at] = figures(self.account)

    def quote(self, symbol: str) -> Quote:
        price = self.prices[symbol] = self.prices[symbol] + Decimal(self.dice.randint(-300, 300)).scaleb(-2)
        sizes = [Decimal(self.dice.randint(0, 30)) for _ in range(2)]
        quote = Quote(symbol, price - Decimal("0.01"), price + Decimal("0.01"), *sizes, price, self.at, self.at)
        board.put(quote)
        path = dict.fromkeys(("open", "high", "low", "close"), price)
        instrument = Instrument.objects.get(symbol=symbol)
        Bar.objects.create(instrument=instrument, start=self.at - MINUTE, volume=1, **path)
        return quote

    def place(self) -> None:
        symbol, size = self.dice.choice(SYMBOLS), self.dice.randint(1, 80)
        limit = self.prices[symbol] + Decimal(self.dice.randint(-200, 200)).scaleb(-2)
        words = f"{self.dice.choice(('buy', 'buy', 'sell'))} {size} {symbol}"
        words += self.dice.choice(("", f" limit {limit}", f" limit {limit}"))
        number = Order.objects.count()
        services.place_order(self.account, ticket_of(words, f"ticket-{number}"), self.a_moment_ago())

    def cancel(self) -> None:
        if (order := self.an_order()) is not None:
            services.cancel_order(self.account, order.pk, self.a_moment_ago())

    def change(self) -> None:
        order = self.an_order()
        if order is not None and order.limit_price:
            change = Change(order.quantity + self.dice.randint(-3, 3), order.limit_price + 1, None)
            services.replace_order(self.account, order.pk, change, self.a_moment_ago())

    def deposit(self) -> None:
        portfolio.deposit(self.account, Decimal(self.dice.randint(1, 500)), f"deposit-{self.at}", "A deposit")

    def an_order(self) -> Order | None:
        return self.dice.choice([*Order.objects.filter(status__in=OPEN).order_by("created_at"), None])

    def a_moment_ago(self) -> datetime:
        """As of when who waited for the account's lock came."""
        return self.at - timedelta(milliseconds=self.dice.randint(0, 50))


def figures(account: Account, at: datetime | None = None) -> Noted:
    now = portfolio_value(load_holdings(account.pk), board), board
    asked = Asked(account, *(view_as_of(account, at) if at else now), "", at)
    return {name: receipt_of(figure, asked).value for name, figure in FIGURES.items()}


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


@pytest.fixture
def account(alice: Any, clock: Any) -> Account:
    """The first session counts from 99.00."""
    board.clear()
    Instrument.objects.bulk_create(Instrument(symbol=symbol, name=symbol) for symbol in SYMBOLS)
    market.open_session(TwoSymbols(START.date(), dict.fromkeys(SYMBOLS, Decimal(99)), START))
    return portfolio.open_account(alice, Decimal(20_000))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", AccountKind)
def test_every_figure_of_every_minute_is_what_was_shown_then(
    account: Account, clock: Any, kind: AccountKind, seed: int
) -> None:
    walk = Walk(account, random.Random(seed), clock)
    terms.set_kind(account, kind)

    for number in range(1, 46):
        walk.minute(number)

    assert {at: figures(account, at) for at in walk.noted} == walk.noted
    assert len({noted["day-pnl"] for noted in walk.noted.values()}) > 30
    assert len({noted["buying-power"] for noted in walk.noted.values()}) > 30
    assert HoldChange.objects.filter(account=account).count() > 30
