"""Round trips: what was bought and sold of a symbol from flat to flat, long only. They follow from the fills alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from .fill import Fill
from .money import ZERO, average_price
from .order import Side
from .performance_words import rounded
from .position import Position, buy, sell


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """One round trip: `quantity` shares bought for `bought` and sold for `sold` (USD, before `commission`).

    `opened_by` and `closed_by` are the execution ids of its first and last fill. `stop` is the stop loss (USD a share)
    of the order that opened it, `tags` what the trader calls it.
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
    stop: Decimal | None = None
    tags: tuple[str, ...] = ()

    @property
    def entry(self) -> Decimal:
        """The average price it was bought at (USD a share)."""
        return average_price(self.bought / self.quantity)

    @property
    def exit(self) -> Decimal:
        """The average price it was sold at (USD a share)."""
        return average_price(self.sold / self.quantity)

    @property
    def gross(self) -> Decimal:
        return self.sold - self.bought

    @property
    def net(self) -> Decimal:
        """What it earned after all its commissions (USD)."""
        return self.gross - self.commission

    @property
    def returned(self) -> Decimal | None:
        """Net P&L as a share of what its shares cost: 0.01 is one per cent. None where they cost nothing."""
        return rounded(self.net / self.bought) if self.bought else None

    @property
    def held(self) -> timedelta:
        return self.closed_at - self.opened_at

    @property
    def risk(self) -> Decimal | None:
        """What the stop would have lost (USD): (entry − stop) × quantity. None without a stop below the entry."""
        at_risk = ZERO if self.stop is None else self.bought - self.stop * self.quantity
        return at_risk if at_risk > 0 else None

    @property
    def r_multiple(self) -> Decimal | None:
        """Net P&L in units of the risk taken; None where that is not known.

        Source: Tharp, Trade Your Way to Financial Freedom (R-multiples: profit or loss over the initial risk).
        """
        return None if self.risk is None else rounded(self.net / self.risk)


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """A round trip under way. `realized` (USD, before commission) is what its sales earned, first in, first out."""

    position: Position
    opened_at: datetime
    opened_by: str
    quantity: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    commission: Decimal = ZERO
    realized: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Its part of the account's realised P&L after fees (USD): the fees of its buys count at once."""
        return self.realized - self.commission


class Trips:
    """Takes an account's fills in the order they were booked; keeps what is open, gives away what is closed."""

    def __init__(self) -> None:
        self.open: dict[str, OpenTrade] = {}

    def take(self, fill: Fill) -> ClosedTrade | None:
        """The trade that this fill closed, if it did. Raises ValueError for a sale of more than is held."""
        trade = self.open.get(fill.symbol) or OpenTrade(Position(fill.symbol), fill.at, fill.exec_id)
        trade = grown(trade, fill)
        if trade.position.lots:
            self.open[fill.symbol] = trade
            return None
        self.open.pop(fill.symbol, None)
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
        )


def grown(trade: OpenTrade, fill: Fill) -> OpenTrade:
    """The trade with one more fill."""
    commission = trade.commission + fill.commission
    if fill.side is Side.BUY:
        return replace(
            trade,
            position=buy(trade.position, fill),
            quantity=trade.quantity + fill.last_qty,
            bought=trade.bought + fill.notional,
            commission=commission,
        )
    done = sell(trade.position, fill)
    return replace(
        trade,
        position=done.position,
        sold=trade.sold + fill.notional,
        realized=trade.realized + done.realized,
        commission=commission,
    )


def closed_trades(fills: Iterable[Fill]) -> Iterator[ClosedTrade]:
    """The round trips of an account's fills, in the order they were closed."""
    trips = Trips()
    return (trade for fill in fills if (trade := trips.take(fill)) is not None)
