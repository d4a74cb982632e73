"""A desk whose steps a test calls one by one, around Thanksgiving 2026, with a feed that never closes itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from apps.market import services as market
from apps.market.feeds import Session
from apps.market.quotes import board
from apps.portfolio.models import Account
from apps.trades import services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.engine import Desk
from apps.trades.lease import Lease
from apps.trades.models import Order
from apps.trades.threads import in_thread
from apps.trades.ticket import Placed, Refused

from .scripted import Scripted
from .words import ticket_of

MS = timedelta(milliseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


THANKSGIVING = utc("2026-11-26T15:00")
FRIDAY_OPENS, FRIDAY_CLOSES = utc("2026-11-27T14:30"), utc("2026-11-27T18:00")  # early
SATURDAY = utc("2026-11-28T12:00")
MONDAY_OPENS, MONDAY_CLOSES = utc("2026-11-30T14:30"), utc("2026-11-30T21:00")


class Hourless(Scripted):
    """The feed itself never closes; its clock is the test's."""

    at = SATURDAY

    def clock(self) -> datetime:
        return self.at

    def session(self) -> Session:
        begins = datetime.combine(self.at.date(), time(tzinfo=UTC))
        return Session(self.at.date(), begins, begins + timedelta(days=1), True, "Scripted")


class Floor:
    """A desk whose steps are called one by one, at the moments that the test says."""

    def __init__(self, account: Account) -> None:
        self.account, self.feed, self.orders = account, Hourless(), 0
        self.desk = self.new_desk()

    def new_desk(self) -> Desk:
        return Desk(self.feed, PaperBroker(), Lease("test"), self.feed.clock)

    async def start(self, at: datetime) -> None:
        self.feed.at, self.desk = at, self.new_desk()
        await in_thread(self.desk.lease.renew, datetime.now(UTC))
        await in_thread(market.open_market, self.feed)

    async def second(self, at: datetime) -> None:
        """What the desk does each second, then matching."""
        self.feed.at = at
        await self.desk.each_second(at)
        await self.desk.match_waiting()

    async def quote(self, at: datetime, bid: str, ask: str, size: int = 1000) -> None:
        self.feed.at = at
        self.feed.say(bid, ask, size)
        self.desk.take(await anext(self.feed.quotes()))
        self.desk.orders_changed = True
        await self.desk.match_waiting()

    async def answer(self, at: datetime, words: str, tif: str = "day") -> Placed | Refused:
        self.orders += 1
        ticket = ticket_of(words, f"order-{self.orders}", tif)
        return await in_thread(services.place_order, self.account, ticket, at)

    async def place(self, at: datetime, words: str, tif: str = "day") -> Order:
        placed = await self.answer(at, words, tif)
        assert isinstance(placed, Placed), placed
        return placed.order

    async def now(self, order: Order) -> tuple[str, Decimal, str]:
        await in_thread(order.refresh_from_db)
        return order.status, order.cum_qty, order.reason


async def at_the_desk(floor: Floor, at: datetime) -> None:
    """Started anew at that moment, with a quote of then."""
    await in_thread(board.clear)
    await floor.start(at)
    await floor.quote(at, "149.00", "150.00")
