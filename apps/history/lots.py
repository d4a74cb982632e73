"""Open lots, what each is worth now and since when that price holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from apps.desk.valuation import value_position
from apps.market.quotes import board
from apps.portfolio.models import Lot

from .asked import Asked
from .queries import narrowed


@dataclass(frozen=True, slots=True)
class LotView:
    """Figures of now are None where there is no price (USD)."""

    symbol: str
    opened_at: datetime
    quantity: Decimal
    price: Decimal
    cost: Decimal
    exec_id: str
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
    symbols = list(dict.fromkeys(row.position.instrument.symbol for row in found))
    quotes = board.latest_each(symbols)
    old = dict(zip(symbols, board.old(quotes, timezone.now()), strict=True))
    latest = dict(zip(symbols, quotes, strict=True))
    views = []
    for row in found:
        symbol = row.position.instrument.symbol
        view = LotView(symbol, row.opened_at, row.quantity, row.price, row.cost, row.exec_id)
        if (quote := latest[symbol]) is not None:
            value, unrealized = value_position(row.quantity, row.cost, quote.mark)
            now = (quote.mark, value, unrealized, quote.received_at, old[symbol])
            view = LotView(symbol, row.opened_at, row.quantity, row.price, row.cost, row.exec_id, *now)
        views.append(view)
    return views
