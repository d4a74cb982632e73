"""A feed that says what the test tells it to, and what an asynchronous test of the desk needs besides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.live import bus
from apps.market.feeds import Feed, FeedError, Listing, Session, Tick
from apps.portfolio.models import Account
from apps.trades import services
from apps.trades.brokers.paper import PaperBroker
from apps.trades.engine import Desk
from apps.trades.lease import Lease
from apps.trades.models import Order
from apps.trades.threads import in_thread
from apps.trades.ticket import Placed, Ticket

WITHIN = 20.0


class Scripted(Feed):
    """Quotes AAPL; `say` hands a batch over, `lose` loses the line once, `close` ends the session."""

    name = "scripted"

    def __init__(self) -> None:
        self.script: asyncio.Queue[list[Tick] | FeedError] = asyncio.Queue()
        self.is_open, self.symbol = True, "AAPL"
        self.taken = asyncio.Event()

    def clock(self) -> datetime:
        return datetime.now(UTC)

    def session(self) -> Session:
        now = self.clock()
        reason = "" if self.is_open else "The script is over"
        return Session(self.today, now - timedelta(hours=1), now + timedelta(hours=1), self.is_open, reason)

    @property
    def today(self) -> date:
        return self.clock().date()

    def instruments(self) -> list[Listing]:
        return [Listing(self.symbol, "Apple")]

    def rename(self, old: str, new: str) -> None:
        self.symbol = new if self.symbol == old else self.symbol

    async def quotes(self) -> AsyncIterator[list[Tick]]:
        while True:
            said = await self.script.get()
            if isinstance(said, FeedError):
                raise said
            yield said
            self.taken.set()

    def say(self, bid: str, ask: str, size: int = 1000) -> None:
        now = self.clock()
        prices = (Decimal(bid), Decimal(ask), Decimal(size), Decimal(size), Decimal(ask))
        self.script.put_nowait([Tick(self.symbol, *prices, venue_at=now, received_at=now, volume=Decimal(10))])

    def lose(self) -> None:
        self.script.put_nowait(FeedError("the line is lost"))


@asynccontextmanager
async def running(*parts: Any) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Rings:
    """Waits for something to become true, looking again whenever any stream rings."""

    def __init__(self) -> None:
        self.rang = asyncio.Event()

    async def until(self, look: Callable[[], bool]) -> None:
        bus.subscribe(bus.RINGS, self.hear)
        try:
            async with asyncio.timeout(WITHIN):
                while not await in_thread(look):
                    await self.rang.wait()
                    self.rang.clear()
        finally:
            bus.unsubscribe(bus.RINGS, self.hear)

    def hear(self, stream: str) -> None:
        self.rang.set()


async def scripted_desk() -> Desk:
    """Holds the lease; nothing of it runs yet."""
    bus.attach(asyncio.get_running_loop())
    desk = Desk(Scripted(), PaperBroker(), Lease("test"))
    await in_thread(desk.lease.renew, datetime.now(UTC))
    return desk


async def place(account: Account, ticket: Ticket) -> Order:
    answer = await in_thread(services.place_order, account, ticket, datetime.now(UTC))
    assert isinstance(answer, Placed), answer
    return answer.order


def status_of(order: Order) -> str:
    order.refresh_from_db()
    return order.status


async def quoted(desk: Desk, bid: str = "149.99", ask: str = "150.01", size: int = 1000) -> None:
    """One batch, as the feed hands it over."""
    feed = desk.feed
    assert isinstance(feed, Scripted)
    feed.say(bid, ask, size)
    desk.take(await anext(feed.quotes()))
