"""The trader of the recorded session: what is sent, changed and cancelled when, and what each comes to by the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.desk.order import OrderType, Side
from apps.trades.ticket import Ticket

BUY, SELL = Side.BUY, Side.SELL
MARKET, LIMIT, STOP = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP
STOP_LIMIT, TRAILING = OrderType.STOP_LIMIT, OrderType.TRAILING_STOP

Row = tuple[datetime, Decimal, Decimal, Decimal, Decimal]


@dataclass(frozen=True)
class Wish:
    """What the trader sends when the venue's clock reaches `at`. Prices are in USD; `replaced` is when the limit
    becomes which."""

    at: str
    side: Side
    quantity: int
    symbol: str
    kind: OrderType = MARKET
    limit: str = ""
    stop: str = ""
    trail: str = ""
    take_profit: str = ""
    stop_loss: str = ""
    oco_stop: str = ""
    replaced: tuple[str, str] = ("", "")
    cancelled: str = ""

    @property
    def moment(self) -> datetime:
        return moment(self.at)

    def ticket(self, number: int) -> Ticket:
        return Ticket(
            self.symbol,
            self.side,
            self.kind,
            Decimal(self.quantity),
            f"wish-{number}",
            limit_price=price(self.limit),
            stop_price=price(self.stop),
            trail_amount=price(self.trail),
            take_profit=price(self.take_profit),
            stop_loss=price(self.stop_loss),
            oco_stop=price(self.oco_stop),
        )


WISHES = [
    Wish("13:30:05", BUY, 3000, "SPY"),
    Wish("13:31:00", BUY, 700, "IBM"),
    Wish("13:45:00", BUY, 20_000, "BAC", LIMIT, limit="13.81"),
    Wish("14:00:00", SELL, 1000, "SPY", LIMIT, limit="168.20"),
    Wish("14:30:00", BUY, 1500, "AIG", STOP, stop="49.05"),
    Wish("14:50:00", BUY, 300, "SPY", LIMIT, limit="167.90", cancelled="15:45:00"),
    Wish("15:00:00", SELL, 700, "IBM", STOP, stop="182.30"),
    Wish("15:25:00", BUY, 200, "IBM", STOP_LIMIT, stop="183.00", limit="182.95"),
    Wish("15:30:00", SELL, 400, "AIG", LIMIT, limit="49.10", replaced=("16:05:00", "48.98")),
    Wish("15:40:00", SELL, 300, "AIG", TRAILING, trail="0.15"),
    Wish("17:00:00", SELL, 500, "AIG", LIMIT, limit="49.00", oco_stop="48.80"),
    Wish("18:00:00", SELL, 2000, "SPY"),
    Wish("18:30:00", BUY, 400, "IBM", take_profit="182.65", stop_loss="182.20"),
    Wish("19:00:00", BUY, 100, "BAC", LIMIT, limit="10.00"),
]


def moment(at: str) -> datetime:
    return datetime.fromisoformat(f"2013-10-07T{at}+00:00")


def price(text: str) -> Decimal | None:
    return Decimal(text) if text else None


class Leg:
    """One order as the rows meet it, whoever else trades."""

    def __init__(self, side: Side, *, limit: str = "", stop: str = "", trail: str = "") -> None:
        self.side, self.limit, self.stop, self.trail = side, price(limit), price(stop), price(trail)
        self.elected = not (stop or trail)
        self.fills: list[tuple[datetime, Decimal, Decimal]] = []

    def trades_at(self, other_side: Decimal) -> bool:
        """The ask for a buy, the bid for a sell. A stop that trails keeps so far below the highest bid."""
        if self.trail is not None:
            self.stop = max(self.stop or Decimal(0), other_side - self.trail)
        above, below = (other_side, self.stop) if self.side is BUY else (self.stop, other_side)
        self.elected = self.elected or (above is not None and below is not None and above >= below)
        worst = other_side if self.limit is None else self.limit
        return self.elected and (other_side <= worst if self.side is BUY else other_side >= worst)


def meet(legs: Sequence[Leg], left: Decimal, rows: Sequence[Row]) -> Decimal:
    """What is left of a quantity that the legs share: what a row shows is taken once, in whole shares."""
    for at, bid, ask, bid_size, ask_size in rows:
        for leg in legs:
            other_side, size = (ask, ask_size) if leg.side is BUY else (bid, bid_size)
            if leg.trades_at(other_side) and (taken := min(left, size)):
                leg.fills.append((at, taken, other_side))
                left -= taken
    return left


def between(rows: Sequence[Row], since: datetime, until: datetime | None = None) -> list[Row]:
    return [row for row in rows if since <= row[0] and (until is None or row[0] < until)]


def expected_legs(wish: Wish, rows: Sequence[Row]) -> list[Leg]:
    """The order itself; with it the other of an OCO; after it, once it is filled, its stop loss and take profit."""
    own = Leg(wish.side, limit=wish.limit, stop=wish.stop, trail=wish.trail)
    legs = [own, *([Leg(wish.side, stop=wish.oco_stop)] if wish.oco_stop else [])]
    if wish.trail:
        own.trades_at([bid for at, bid, *_ in rows if at <= wish.moment][-1])
    changed, limit = wish.replaced
    until = changed or wish.cancelled
    left = meet(legs, Decimal(wish.quantity), between(rows, wish.moment, moment(until) if until else None))
    if changed:
        own.limit = price(limit)
        meet(legs, left, between(rows, moment(changed)))
    if wish.take_profit and wish.stop_loss:
        other = SELL if wish.side is BUY else BUY
        exits = [Leg(other, stop=wish.stop_loss), Leg(other, limit=wish.take_profit)]
        filled_at = own.fills[-1][0]
        meet(exits, Decimal(wish.quantity), [row for row in rows if row[0] > filled_at])
        legs += exits
    return legs
