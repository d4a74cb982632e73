"""What a feed is: where quotes and history come from. The desk knows no more of a market than this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar

from apps.desk.currency import BASE
from apps.desk.money import ZERO
from apps.desk.quote import Quote
from apps.market.bars import MinuteBar


class FeedError(Exception):
    """The feed cannot start or go on; the text says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Tick(Quote):
    """A quote, and the shares traded since the one before."""

    volume: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument as the feed knows it. `around_the_clock`: it trades at all hours, whatever stocks do. `lot_size`:
    below one share where parts of it may be traded.

    Prices are in `currency`. One that is not USD needs its pair listed and quoted too, not `tradable`: EURUSD for EUR,
    or as USDJPY for JPY, whose price is in JPY.
    """

    symbol: str
    name: str
    tick_size: Decimal = Decimal("0.01")
    around_the_clock: bool = False
    currency: str = BASE
    tradable: bool = True
    lot_size: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Session:
    """A trading day. A symbol has a previous close, or at least a first price of the session."""

    date: date
    opens_at: datetime
    closes_at: datetime
    is_open: bool
    reason: str
    previous_closes: Mapping[str, Decimal] = field(default_factory=dict)
    opening_prices: Mapping[str, Decimal] = field(default_factory=dict)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Feed(ABC):
    """One market. A feed is started once: `resume`, then `history`, then `quotes`."""

    name: ClassVar[str]
    now: Callable[[], datetime] = staticmethod(utc_now)
    """What stamps `received_at`; whoever runs the feed may put another clock in its place before it starts."""
    starts_over: ClassVar[bool] = False
    """Each start plays the same minutes again: bars of an earlier run are not its history."""

    @abstractmethod
    def clock(self) -> datetime:
        """What time it is at the venue."""

    @abstractmethod
    def session(self) -> Session:
        """The present session; ask again to learn that it changed."""

    def split(self, symbol: str, new: int, old: int) -> None:  # noqa: B027 -- a venue does so by itself
        """A split of this symbol begins: a feed that makes its prices up goes on at the new ones."""

    def rename(self, old: str, new: str) -> None:  # noqa: B027 -- a venue does so by itself
        """What was called `old` is called `new` from now on: a feed that knows it by the old goes on by the new."""

    @abstractmethod
    def instruments(self) -> list[Listing]:
        """Everything it quotes."""

    @abstractmethod
    def quotes(self) -> AsyncIterator[list[Tick]]:
        """Batches of quotes until the market ends or the caller cancels.

        A batch is stamped `received_at` at the moment it is handed over; of a symbol, times rise.
        Raises FeedError when the line is lost.
        """

    def resume(self, closes: Mapping[str, Decimal], at: datetime) -> None:
        """Tells where the desk's own record ends: the last closes, and the start of their minute.

        Only an invented market has to know it, to go on from there.
        """
        return None

    def history(self, since: datetime, until: datetime, symbols: Collection[str] = ()) -> Iterator[MinuteBar]:
        """Bars of whole minutes within [since, until), oldest first; of all symbols when none is named.

        Raises FeedError for a symbol it does not quote.
        """
        self.refuse_unknown(symbols)
        return iter(())

    def refuse_unknown(self, symbols: Collection[str]) -> None:
        unknown = sorted(set(symbols) - {listing.symbol for listing in self.instruments()})
        if unknown:
            raise FeedError(f"{self.name}: no instrument {', '.join(unknown)}")
