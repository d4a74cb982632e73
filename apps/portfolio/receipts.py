"""How each figure was made: its formula, the lines that add up to it, the prices it rests on, and as of when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from apps.desk.currency import BASE, is_inverse, rate_of
from apps.desk.money import ZERO, average_price
from apps.desk.quote import Quote

from .models import Account
from .value import PortfolioView, PositionView, Quotes


class Line(NamedTuple):
    """A part of the figure (USD), and how it was made itself."""

    label: str
    amount: Decimal | None
    how: str = ""
    symbol: str = ""


class Price(NamedTuple):
    """What a price is, of when, whether it is too old to trust, and what it is in. A pair in units a USD says its
    `rate` too (USD a unit)."""

    symbol: str
    price: Decimal | None
    at: datetime | None
    stale: bool
    currency: str = BASE
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figure, of one symbol or of all, and the view that it is read from; `at` None: now."""

    account: Account
    view: PortfolioView
    quotes: Quotes
    symbol: str
    at: datetime | None

    @property
    def positions(self) -> list[PositionView]:
        return [each for each in self.view.positions if not self.symbol or each.held.symbol == self.symbol]

    @property
    def open(self) -> list[PositionView]:
        return [each for each in self.positions if each.held.quantity]


@dataclass(frozen=True, slots=True)
class Figure:
    """`formula` in words; `lines` make it; a `priced` one rests on prices, one `on_margin` only there. What rests on
    old ones is a share of the equity where it is `of_equity`."""

    name: str
    title: str
    formula: str
    lines: Callable[[Asked], list[Line]]
    priced: bool = False
    on_margin: bool = False
    of_equity: bool = False
    of_symbol: bool = True
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The lines add up to `value` (USD), exactly; None where one of them is not known."""

    figure: Figure
    symbol: str
    value: Decimal | None
    lines: tuple[Line, ...]
    prices: tuple[Price, ...]
    stale_value: Decimal
    stale_share: Decimal | None
    at: datetime | None

    @property
    def is_abroad(self) -> bool:
        """Whether it rests on a price in another currency."""
        return any(price.currency != BASE for price in self.prices)


def receipt_of(figure: Figure, asked: Asked) -> Receipt:
    lines = tuple(figure.lines(asked))
    known = [line.amount for line in lines if line.amount is not None]
    rests_on = asked.open if figure.priced or (figure.on_margin and asked.view.margin) else []
    quotes = asked.quotes.latest_each([each.held.symbol for each in rests_on])
    stale = sum((at_stake(each) for each in rests_on if each.stale), ZERO)
    worth = sum((at_stake(each) for each in rests_on), ZERO)
    whole = asked.view.equity if figure.of_equity else worth
    return Receipt(
        figure=figure,
        symbol=asked.symbol,
        value=sum(known, ZERO) if len(known) == len(lines) else None,
        lines=lines,
        prices=(*[price_of(*each) for each in zip(rests_on, quotes, strict=True)], *rates_of(rests_on, asked)),
        stale_value=stale,
        stale_share=stale / whole if whole and stale else None,
        at=asked.at,
    )


def at_stake(position: PositionView) -> Decimal:
    """What of a figure rests on its price: what is owed as much as what is held, as the desk counts it."""
    return abs(position.held.cost if position.market_value is None else position.market_value)


def price_of(position: PositionView, quote: Quote | None) -> Price:
    at = quote.received_at if quote else None
    return Price(position.held.symbol, quote.mark if quote else None, at, position.stale, position.held.currency)


def rates_of(rests_on: list[PositionView], asked: Asked) -> list[Price]:
    """What the currencies of these positions are worth, which their value rests on too."""
    pairs = sorted({(each.held.pair, each.held.currency) for each in rests_on if each.held.currency != BASE})
    if not pairs:
        return []
    quotes = asked.quotes.latest_each([pair for pair, _ in pairs])
    old = asked.quotes.old(quotes, asked.at or timezone.now())
    return [price_of_pair(*each) for each in zip(pairs, quotes, old, strict=True)]


def price_of_pair(pair: tuple[str, str], quote: Quote | None, is_old: bool) -> Price:
    symbol, currency = pair
    if quote is None:
        return Price(symbol, None, None, is_old)
    rate, at = rate_of(quote), quote.received_at
    if is_inverse(symbol):
        return Price(symbol, average_price(quote.mark), at, is_old, currency, rate)
    return Price(symbol, rate, at, is_old)
