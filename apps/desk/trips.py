"""Round trips: what was bought and sold of a symbol from flat to flat, long or short. They follow from the fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from .currency import BASE, ONE
from .fill import Fill
from .money import ZERO, average_price
from .order import Side
from .performance_words import rounded
from .position import Inventory, Position, Split


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """One round trip: `quantity` shares bought for `bought` and sold for `sold` (USD, before `commission`); sold first
    where it was opened with a sell.

    `opened_by` and `closed_by` are the execution ids of its first and last fill. `stop` is the stop loss of the order
    that opened it, `tags` what the trader calls it, `note` what they wrote about it. Prices are in the shares'
    `currency`: where that is not USD, `local_in` was put in of it, and `local_out` came out.
    """

    symbol: str
    quantity: Decimal
    bought: Decimal
    sold: Decimal
    commission: Decimal
    opened_at: datetime
    closed_at: datetime
    opened_by: str
    closed_by: str
    opened_with: Side = Side.BUY
    stop: Decimal | None = None
    tags: tuple[str, ...] = ()
    currency: str = BASE
    local_in: Decimal = ZERO
    local_out: Decimal = ZERO
    note: str = ""
    splits: tuple[Split, ...] = ()
    """Those while it was open."""

    def stopped_at(self, stop: Decimal | None) -> ClosedTrade:
        """With the stop loss that its first order brought, in the shares that the trade is told in."""
        if stop is not None:
            for split in self.splits:
                stop = split.price(stop)
        return replace(self, stop=stop)

    @property
    def is_short(self) -> bool:
        return self.opened_with is Side.SELL

    @property
    def put_in(self) -> Decimal:
        """What its shares cost, or fetched, when it was opened (USD)."""
        return self.sold if self.is_short else self.bought

    @property
    def entry(self) -> Decimal:
        """The average price it was opened at."""
        return average_price((self.local_in or self.put_in) / self.quantity)

    @property
    def exit(self) -> Decimal:
        """The average price it was closed at."""
        return average_price((self.local_out or (self.bought if self.is_short else self.sold)) / self.quantity)

    @property
    def rate(self) -> Decimal:
        """What a unit of its currency was worth on average when it was opened (USD)."""
        return average_price(self.put_in / self.local_in) if self.local_in else ONE

    @property
    def gross(self) -> Decimal:
        return self.sold - self.bought

    @property
    def net(self) -> Decimal:
        """What it earned after all its commissions (USD)."""
        return self.gross - self.commission

    @property
    def returned(self) -> Decimal | None:
        """Net P&L as a share of what was put in: 0.01 is one per cent. None where that was nothing."""
        return rounded(self.net / self.put_in) if self.put_in else None

    @property
    def held(self) -> timedelta:
        return self.closed_at - self.opened_at

    @property
    def risk(self) -> Decimal | None:
        """What the stop would have lost (USD): (entry − stop) × quantity, short the other way round. None where it
        would have lost nothing."""
        at_risk = ZERO if self.stop is None else self.put_in - self.stop * self.rate * self.quantity
        at_risk = -at_risk if self.is_short else at_risk
        return at_risk if at_risk > 0 else None

    @property
    def r_multiple(self) -> Decimal | None:
        """Net P&L in units of the risk taken; None where that is not known.

        Source: Tharp, Trade Your Way to Financial Freedom (R-multiples: profit or loss over the initial risk).
        """
        return None if self.risk is None else rounded(self.net / self.risk)


@dataclass(slots=True)
class OpenTrade:
    """A round trip under way. `realized` (USD, before commission) is what was earned by what it has closed, first
    in, first out."""

    inventory: Inventory
    opened_at: datetime
    opened_by: str
    opened_with: Side = Side.BUY
    quantity: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    commission: Decimal = ZERO
    realized: Decimal = ZERO
    local_in: Decimal = ZERO
    local_out: Decimal = ZERO
    splits: tuple[Split, ...] = ()

    @property
    def net(self) -> Decimal:
        """Its part of the account's realised P&L after fees (USD): the fees of its opening count at once."""
        return self.realized - self.commission

    def take(self, fill: Fill) -> None:
        """One more fill. Raises ValueError for one that closes more than is open, and nothing changes."""
        self.realized += self.inventory.take(fill)
        if fill.side is self.opened_with:
            self.quantity += fill.last_qty
            self.local_in += fill.local
        else:
            self.local_out += fill.local
        if fill.side is Side.BUY:
            self.bought += fill.notional
        else:
            self.sold += fill.notional
        self.commission += fill.commission

    def split(self, split: Split) -> None:
        """From now on it is of other shares, also those that it has closed."""
        self.inventory.split(split)
        self.quantity = split.shares(self.quantity)
        self.splits += (split,)


class Trips:
    """Takes an account's fills in the order they were booked; keeps what is open, gives away what is closed."""

    def __init__(self) -> None:
        self.open: dict[str, OpenTrade] = {}

    def take(self, fill: Fill) -> ClosedTrade | None:
        """The trade that this fill closed, if it did. Raises ValueError for one that closes more than is open."""
        trade = self.open.get(fill.symbol) or self.begun(fill)
        trade.take(fill)
        self.open[fill.symbol] = trade
        if trade.inventory.qty:
            return None
        del self.open[fill.symbol]
        return ClosedTrade(
            symbol=fill.symbol,
            quantity=trade.quantity,
            bought=trade.bought,
            sold=trade.sold,
            commission=trade.commission,
            opened_at=trade.opened_at,
            closed_at=fill.at,
            opened_by=trade.opened_by,
            closed_by=fill.exec_id,
            opened_with=trade.opened_with,
            currency=fill.currency,
            local_in=trade.local_in,
            local_out=trade.local_out,
            splits=trade.splits,
        )

    def split(self, split: Split) -> None:
        if trade := self.open.get(split.symbol):
            trade.split(split)

    def begun(self, fill: Fill) -> OpenTrade:
        inventory = Inventory(Position(fill.symbol), may_short=True)
        return OpenTrade(inventory, fill.at, fill.exec_id, fill.side)


def closed_trades(fills: Iterable[Fill]) -> Iterator[ClosedTrade]:
    """The round trips of an account's fills, in the order they were closed."""
    trips = Trips()
    return (closed for fill in fills if (closed := trips.take(fill)) is not None)
