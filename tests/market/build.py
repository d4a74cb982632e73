"""Builders of quotes, instruments and recordings that read like what they are."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from apps.desk.quote import Quote
from apps.market.bars import MinuteBar
from apps.market.feeds import Tick
from apps.market.feeds.recording import COLUMNS
from apps.market.models import Instrument

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HEADER = ",".join(COLUMNS)
RECORDED = Path(__file__).parent / "recorded" / "simulated.csv.gz"
REAL_SESSION = RECORDED.parent / "quotes-2013-10-07.csv.gz"


def tick(last: str, at: datetime = NOON, symbol: str = "AAPL", volume: int = 100, **changed: Any) -> Tick:
    """A quote a cent wide below the last trade, received the moment the venue gave it."""
    price = Decimal(last)
    sizes = (Decimal(300), Decimal(500))
    shown = {"bid": price - Decimal("0.01"), "ask": price, "received_at": at, **changed}
    return Tick(symbol, shown["bid"], shown["ask"], *sizes, price, at, shown["received_at"], Decimal(volume))


def later(seconds: float, start: datetime = NOON) -> datetime:
    return start + timedelta(seconds=seconds)


def bar(text: str, start: datetime = NOON, symbol: str = "AAPL", volume: int = 0) -> MinuteBar:
    """`10.00 11.00 9.00 10.50`: open, high, low, close."""
    return MinuteBar(symbol, start, *map(Decimal, text.split()), volume=Decimal(volume))


def instrument(symbol: str = "AAPL", name: str = "Apple Inc.", **columns: Any) -> Instrument:
    return Instrument.objects.create(symbol=symbol, name=name, **columns)


def recording(folder: Path, *rows: str, header: str = HEADER, name: str = "session.csv") -> Path:
    path = folder / name
    text = "\n".join([header, *rows, ""])
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def figures(quote: Quote) -> str:
    return f"{quote.symbol} {quote.bid}/{quote.ask} {quote.bid_size}x{quote.ask_size} {quote.last}"
