"""Open lots, what each is worth now and since when that price holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from apps.desk.currency import BASE, ONE
from apps.desk.valuation import value_position
from apps.market.quotes import board
from apps.market.rates import rate_now
from apps.portfolio.models import Lot

from .asked import Asked
from .queries import narrowed


@dataclass(frozen=True, slots=True)
class LotView:
    """Figures of now are None where there is no price, or no rate (USD). Prices are in `currency`, of which a unit was
    worth `rate` when it was opened."""

    symbol: str
    opened_at: datetime
    quantity: Decimal
    price: Decimal
    cost: Decimal
    exec_id: str
    currency: str = BASE
    rate: Decimal = ONE
    last: Decimal | None = None
    value: Decimal | None = None
    unrealized: Decimal | None = None
    priced_at: datetime | None = None
    stale: bool = True


def lots(account_id: int, asked: Asked) -> QuerySet[Lot]:
    own = Lot.objects.filter(position__account_id=account_id).select_related("position__instrument")
    return narrowed(own, asked, symbol="position__instrument__symbol", at="opened_at")


def valued(rows: Iterable[Lot]) -> list[LotView]:
    """At the newest quotes."""
    found = list(rows)
    rates = {currency: rate_now(currency) for currency in {row.position.instrument.currency for row in found}}
    symbols = list(dict.fromkeys(row.position.instrument.symbol for row in found))
    quotes, now = board.latest_each(symbols), timezone.now()
    old = dict(zip(symbols, board.old(quotes, now), strict=True))
    latest = dict(zip(symbols, quotes, strict=True))
    views = []
    for row in found:
        symbol, currency = row.position.instrument.symbol, row.position.instrument.currency
        own = row.opened_at, row.quantity, row.price, row.cost, row.exec_id, currency, row.rate
        view, quote, rate = LotView(symbol, *own), latest[symbol], rates[currency]
        if quote is not None and (usd := rate.usd) is not None:
            value, unrealized = value_position(row.quantity, row.cost, quote.mark, usd)
            stale = old[symbol] or (rate.pair is not None and board.is_stale(rate.pair, now))
            view = LotView(symbol, *own, quote.mark, value, unrealized, quote.received_at, stale)
        views.append(view)
    return views
