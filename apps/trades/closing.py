"""What the desk does with a feed's quotes at the edges of a session: which come in, and which was the last of it."""

from __future__ import annotations

from datetime import datetime

from apps.desk.calendar import Phase
from apps.desk.instrument import Renamed
from apps.desk.position import Split
from apps.desk.quote import Quote
from apps.market.feeds import Tick
from apps.market.quotes import board


class Closing:
    """Keeps the newest quote of each symbol that came within a session: after hours it is still the last before the
    close."""

    def __init__(self) -> None:
        self.last: dict[str, Quote] = {}

    def lets_in(self, quote: Quote) -> bool:
        """Whether its instrument has hours now, extended ones too. A first quote comes in at any hour: without any
        there is no price to say what an order for the next open would cost."""
        calendar = board.hours.get(quote.symbol)
        if calendar is None:
            return True
        phase = calendar.phase(quote.received_at)
        if phase is Phase.OPEN:
            self.last[quote.symbol] = quote
        return phase is not Phase.CLOSED or quote.symbol not in board.quotes

    def last_before(self, symbol: str, closed_at: datetime) -> Quote | None:
        """The last quote before the close; after a start of the desk the one that was saved, if that was before."""
        quote = self.last.get(symbol) or board.quotes.get(symbol)
        return quote if quote is not None and quote.received_at < closed_at else None


def split_tick(quote: Quote, split: Split, venue_at: datetime, now: datetime) -> Tick:
    """The quote as it is of the new shares: of the moment of the split, for its minute is none of the old ones."""
    return Tick(
        quote.symbol,
        bid=split.price(quote.bid),
        ask=split.price(quote.ask),
        bid_size=split.shares(quote.bid_size),
        ask_size=split.shares(quote.ask_size),
        last=split.price(quote.last),
        venue_at=venue_at,
        received_at=now,
    )


def renamed_tick(quote: Quote, renamed: Renamed, now: datetime) -> Tick:
    """The quote under the new symbol."""
    sizes = (quote.bid_size, quote.ask_size)
    return Tick(renamed.new, quote.bid, quote.ask, *sizes, quote.last, venue_at=quote.venue_at, received_at=now)
