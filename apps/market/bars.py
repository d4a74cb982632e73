"""One-minute bars, made of quotes as they come, by the venue's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from apps.desk.money import ZERO
from apps.desk.position import Split
from apps.desk.quote import Quote

MINUTE = timedelta(minutes=1)
NO_TIME = timedelta()


@dataclass(slots=True)
class MinuteBar:
    """Prices of the trades (USD) and shares traded in the minute that begins at `start`."""

    symbol: str
    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO

    def trade(self, price: Decimal, shares: Decimal) -> None:
        """Takes one more trade in."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += shares

    def follow(self, earlier: MinuteBar) -> None:
        """Puts what another process saw of the same minute in front."""
        self.open = earlier.open
        self.high = max(self.high, earlier.high)
        self.low = min(self.low, earlier.low)
        self.volume = max(self.volume, earlier.volume)


def in_new_shares(bar: MinuteBar, split: Split) -> MinuteBar:
    """A minute of before a split as it would have been in the shares of after it."""
    return MinuteBar(
        bar.symbol,
        bar.start,
        split.price(bar.open),
        split.price(bar.high),
        split.price(bar.low),
        split.price(bar.close),
        split.shares(bar.volume),
    )


def minute_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


class BarMaker:
    """Holds the minute that is being traded of every symbol."""

    def __init__(self) -> None:
        self.current: dict[str, MinuteBar] = {}

    def add(self, quote: Quote) -> MinuteBar | None:
        """Takes a quote's last trade in; returns the bar that it finished, if it began a new minute."""
        shares: Decimal = getattr(quote, "volume", ZERO)
        bar = self.current.get(quote.symbol)
        if bar is not None and NO_TIME <= quote.venue_at - bar.start < MINUTE:
            bar.trade(quote.last, shares)
            return None
        last = quote.last
        self.current[quote.symbol] = MinuteBar(quote.symbol, minute_of(quote.venue_at), last, last, last, last, shares)
        return bar
