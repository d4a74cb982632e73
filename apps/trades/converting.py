"""What currencies were worth when fills were made elsewhere: as the file says, else as the desk knows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from apps.desk.currency import BASE, ONE, pairs_of, rate_at
from apps.market.bars import MINUTE, minute_of
from apps.market.models import Instrument
from apps.market.queries import closes_of
from apps.market.quotes import board
from apps.market.rates import rate_now

from .elsewhere import Elsewhere

MINUTES = 5
"""How long before a fill its rate may have been quoted."""


def with_rates(rows: Iterable[Elsewhere], instruments: Mapping[str, Instrument]) -> list[Elsewhere]:
    """The fills, each in its instrument's currency where the file says none, with what a unit of it was worth where
    that is known."""
    found, abroad = list[Elsewhere](), defaultdict[str, set[datetime]](set)
    for row in rows:
        instrument = instruments.get(row.symbol)
        own = instrument.currency if instrument else BASE
        rate = ONE if own == BASE and row.rate is None else row.rate
        found.append(row._replace(currency=row.currency or own, rate=rate))
        if rate is None:
            abroad[own] |= set(minutes_before(row.at))
    then = {pair: closes_of(pair, starts) for currency, starts in abroad.items() for pair in pairs_of(currency)}
    return [row if row.rate else row._replace(rate=rate_then(row, then)) for row in found]


def minutes_before(at: datetime) -> list[datetime]:
    """The starts of the minutes that were just over, the newest first."""
    return [minute_of(at) - number * MINUTE for number in range(1, MINUTES + 1)]


def rate_then(row: Elsewhere, then: Mapping[str, Mapping[datetime, Decimal]]) -> Decimal | None:
    """The last of the minutes before the fill, of the pair in USD a unit if that has one; of a fill that is as new as
    that the rate of now, where it is fresh."""
    for pair in pairs_of(row.currency):
        closes = then.get(pair, {})
        for start in minutes_before(row.at):
            if start in closes:
                return rate_at(pair, closes[start])
    now, rate = timezone.now(), rate_now(row.currency)
    is_fresh = rate.pair is not None and not board.is_stale(rate.pair, now)
    return rate.usd if is_fresh and now - row.at < timedelta(minutes=MINUTES) else None
