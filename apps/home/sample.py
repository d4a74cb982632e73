"""A sample for the welcome page: real quotes of this desk's own market, drawn as every page draws them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from apps.desk.currency import BASE
from apps.live.fragments import draw_all, read
from apps.market.models import Instrument
from apps.market.quotes import board

SHOWN = 6


@dataclass(frozen=True)
class Sample:
    """`change_pct` is a ratio: 0.01 is 1 % up on the previous close (or since the open, where none is known)."""

    symbol: str
    name: str
    price: Decimal
    change_pct: Decimal | None
    spark: SafeString


def sample_quotes() -> list[Sample]:
    """The first few instruments in USD that have a quote; a constant number of queries."""
    rows = list(Instrument.objects.filter(tradable=True, currency=BASE, last_quote__isnull=False)[:SHOWN])
    sparks = draw_all(read(f"spark/{row.symbol}" for row in rows))
    sample = []
    for row in rows:
        quote, change = board.latest(row.symbol), board.change(row.symbol)
        if quote is not None:
            spark = sparks[f"spark/{row.symbol}"]
            sample.append(Sample(row.symbol, row.name, quote.last, change.ratio if change else None, spark))
    return sample
