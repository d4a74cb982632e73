"""The desk at work: feed → board → bars → publish → match → save, on one event loop, by one process at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from apps import telemetry
from apps.desk.quote import Quote
from apps.live import bus
from apps.live.retention import forget_old_events, tidyings
from apps.market import services as market
from apps.market import wire
from apps.market.bars import MinuteBar
from apps.market.feeds import Feed, FeedError
from apps.market.quotes import board
from apps.portfolio.services import take_equity_points
from apps.portfolio.terms import charge_interest

from .brokers.base import Broker
from .closing import Closing
from .companies import act_on_companies
from .lease import Lease
from .margin_calls import call_margins
from .news import ORDERS_RING
from .queries import due_at_close
from .seconds import close_ended, close_left, expire_orders, keep_trails
from .threads import in_thread, in_turns
from .verify import check_ledger
from .watchers import watchers

log = logging.getLogger(__name__)

SECOND = 1.0
LISTEN_SECONDS = 0.1  # between two looks at whether others hear
UNHEARD_SECONDS = 0.3  # from save to save while others may not hear the quotes and read them from the database
FEED_RETRY_SECONDS = 5.0
HOUR = 3600.0
Clock = Callable[[], datetime]


class Desk:
    """One holder's turn. Each step can be called alone; a fault in one is counted and told, and the rest goes on."""

    def __init__(self, feed: Feed, broker: Broker, lease: Lease, clock: Clock = timezone.now) -> None:
        self.feed, self.broker, self.lease, self.clock = feed, broker, lease, clock
        self.matching = ThreadPoolExecutor(1, thread_name_prefix="desk-match")
        self.newest: dict[str, Quote] = {}  # of each symbol
        self.waiting: dict[str, Quote] = {}  # not matched yet
        self.unsaved: dict[str, Quote] = {}
        self.finished: list[MinuteBar] = []
        self.closing = Closing()
        self.wake, self.lost = asyncio.Event(), asyncio.Event()
        self.orders_changed = True
        self.rung: set[str] = set()  # orders that are new or changed, by those who made them so
        self.minute: datetime | None = None
        self.faults: set[tuple[str, str]] = set()
        self.watchers = [make(self) for make in watchers]

    async def run(self, stop: asyncio.Event) -> None:
        """Opens the market and works until `stop` or until the lease is lost; saves what it has."""
        bus.subscribe(bus.RINGS, self.hear_ring)
        tasks = [asyncio.create_task(self.keep_lease())]
        ending = [asyncio.create_task(event.wait()) for event in (stop, self.lost)]
        try:
            await self.step("close", in_thread, close_left, self.feed, self.clock())
            await in_thread(market.open_market, self.feed)
            for watcher in self.watchers:
                await self.step("watch", watcher.begin)
            tasks += [asyncio.create_task(part()) for part in self.parts()]
            done, _ = await asyncio.wait([*ending, *tasks], return_when=asyncio.FIRST_COMPLETED)
            await self.step("run", asyncio.gather, *done)  # tells why a part has ended that should not
        finally:
            bus.unsubscribe(bus.RINGS, self.hear_ring)
            for task in [*tasks, *ending]:
                task.cancel()
            await asyncio.gather(*tasks, *ending, return_exceptions=True)
            if self.lease.held:
                await self.step("save", self.save_market)
            self.matching.shutdown(wait=True)

    def parts(self) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        """What goes on at the same time."""
        kept = self.keep_heard, self.keep_quotes, self.keep_time, self.keep_minutes, self.keep_tidy
        return self.follow_feed, self.match, *kept, *[watcher.run for watcher in self.watchers]

    def hear_ring(self, stream: str) -> None:
        """A new order wakes the matching at once."""
        if stream.startswith(ORDERS_RING):
            order_id = stream.removeprefix(ORDERS_RING)
            self.look_at(order_id)
            if settings.FILL_LATENCY_MS:  # that long the order travels, and then it meets the newest quote
                asyncio.get_running_loop().call_later(settings.FILL_LATENCY_MS / 1000, self.look_at, order_id)

    def look_at(self, order_id: str) -> None:
        self.rung.add(order_id)
        self.wake.set()

    def look_again(self) -> None:
        self.orders_changed = True
        self.wake.set()

    # Quotes come in

    async def follow_feed(self) -> None:
        """Takes what the feed gives; a lost line is tried again, and an ended market stays ended."""
        while True:
            try:
                async with contextlib.aclosing(self.feed.quotes()) as batches:  # type: ignore[type-var]
                    async for batch in batches:
                        self.take(batch)
            except FeedError as error:
                log.error("feed %s: %s; trying again in %s s", self.feed.name, error, FEED_RETRY_SECONDS)
                telemetry.faults.labels("feed").inc()
                await asyncio.sleep(FEED_RETRY_SECONDS)
                continue
            log.info("feed %s has ended", self.feed.name)
            await asyncio.Event().wait()

    def take(self, batch: list[Any]) -> None:
        """Shows a batch to this process and all others, and leaves it for matching and saving."""
        if board.hours:
            batch = [quote for quote in batch if self.closing.lets_in(quote)]
        self.finished += wire.publish(batch)
        telemetry.quotes_received.inc(len(batch))
        for quote in batch:
            self.newest[quote.symbol] = self.waiting[quote.symbol] = self.unsaved[quote.symbol] = quote
        self.wake.set()
        for watcher in self.watchers:
            try:
                watcher.take(batch)
            except Exception as error:  # whoever looks on keeps no order waiting
                self.tell_fault("watch", error, [watcher])

    # Orders meet them

    async def match(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            await self.step("match", self.match_waiting)

    async def match_waiting(self) -> None:
        """Every quote that came, and for a new order the newest there is."""
        if self.orders_changed or self.rung:
            only, self.rung = None if self.orders_changed else self.rung, set()
            self.orders_changed = False
            for symbol in await self.in_matching(self.broker.refresh, only):
                if symbol in self.newest:
                    self.waiting[symbol] = self.newest[symbol]
        waiting, self.waiting = self.waiting, {}
        for quote in waiting.values():
            if not self.lease.held:
                self.lost.set()
                return
            now = self.clock()
            if self.broker.would_fill(quote, now):
                await self.step("match", self.in_matching, self.broker.fill, quote, now)

    async def match_close(self, now: datetime) -> None:
        """What is for a close that is past meets the last quote before it; what has none ends with the session."""
        for (symbol, closed_at), order_ids in (await in_thread(due_at_close, now)).items():
            quote = self.closing.last_before(symbol, closed_at)
            if quote is not None:
                await self.in_matching(self.broker.close, symbol, quote, closed_at, order_ids)

    # Time passes

    async def keep_lease(self) -> None:
        """Renews each second; whoever fails to stops matching at once."""
        while True:
            await self.step("lease", in_thread, self.lease.renew)
            if not self.lease.held:
                log.error("desk: %s lost the lease", self.lease.holder)
                self.lost.set()
                return
            await asyncio.sleep(SECOND)

    async def keep_heard(self) -> None:
        """A word now and then, quotes or not: who hears none reads what is saved."""
        while True:
            wire.publish([])
            await asyncio.sleep(wire.WORD_SECONDS)

    async def keep_quotes(self) -> None:
        """Saves them each second, whatever else a second brings, and sooner while others live on what is saved."""
        loop = asyncio.get_running_loop()
        while True:
            saved_at = loop.time()
            await self.step("save", self.save_quotes, self.clock())
            await asyncio.sleep(UNHEARD_SECONDS)
            while not bus.unheard() and (left := saved_at + SECOND - loop.time()) > 0:
                await asyncio.sleep(left if bus.alone() else min(left, LISTEN_SECONDS))

    async def keep_time(self) -> None:
        while True:
            await self.each_second(self.clock())
            await asyncio.sleep(SECOND)

    async def keep_minutes(self) -> None:
        """Beside the seconds: what all accounts are worth takes a while."""
        while True:
            await self.each_minute(self.clock())
            await asyncio.sleep(SECOND)

    async def keep_tidy(self) -> None:
        """Beside everything else: the first time there may be much to forget, and there is ever more to check."""
        while True:
            await self.step("ledger", in_thread, check_ledger, self.clock())
            await self.step("retention", in_thread, forget_old_events, self.clock())
            for tidy in tidyings:
                await self.step("tidying", in_thread, tidy, self.clock())
            await asyncio.sleep(HOUR)

    async def each_second(self, now: datetime) -> None:
        """Looks for orders whose ring was lost and keeps the session."""
        self.look_again()
        await self.step("trail", in_thread, keep_trails, self.broker.trailed())
        await self.step("equity close", in_thread, close_ended, self.feed, now)
        await self.step("session", in_thread, market.follow_session, self.feed)
        await self.step("hours", in_thread, market.follow_hours, now)
        await self.step("close", self.match_close, now)
        await self.step("expire", in_thread, expire_orders, now)

    async def each_minute(self, now: datetime) -> None:
        """Once a minute, however often it is called: keeps bars and what accounts are worth, and looks at margins."""
        minute = now.replace(second=0, microsecond=0)
        if minute != self.minute:
            self.minute = minute
            await self.step("interest", in_thread, charge_interest, now.date())  # of a day that is over, so first
            await self.step("corporate", act_on_companies, self, now)
            await self.step("bars", self.save_bars)
            await self.step("equity", in_turns, take_equity_points, now)
            await self.step("margin", in_thread, call_margins, now)

    async def save_quotes(self, now: datetime) -> None:
        unsaved, self.unsaved = self.unsaved, {}
        newest = max((quote.received_at for quote in unsaved.values()), default=None)
        try:
            await in_thread(market.save_quotes, list(unsaved.values()))
        except BaseException:  # stopped meanwhile, too: the turn's last save has them
            self.unsaved = unsaved | self.unsaved
            raise
        await in_thread(market.beat, now, newest)

    async def save_bars(self) -> None:
        finished, self.finished = self.finished, []
        await in_thread(market.save_bars, [*finished, *board.current_bars()])

    async def save_market(self) -> None:
        await self.save_quotes(self.clock())
        await self.save_bars()

    # A fault in one step

    async def step(self, name: str, work: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Runs a step; a fault is counted each time, and told once until the step has worked again."""
        try:
            result = await work(*args)
        except Exception as error:
            self.tell_fault(name, error, args[1:])
            return None
        self.faults = {fault for fault in self.faults if fault[0] != name}
        return result

    def tell_fault(self, name: str, error: Exception, args: Sequence[Any]) -> None:
        telemetry.faults.labels(f"desk {name}").inc()
        fault = (name, repr(error))
        if fault not in self.faults:
            self.faults.add(fault)
            log.exception("desk: %s failed with %s", name, [getattr(each, "symbol", each) for each in args])

    async def in_matching(self, work: Callable[..., Any], *args: Any) -> Any:
        """The matching has a thread of its own: it never waits behind a save."""
        return await database_sync_to_async(work, thread_sensitive=False, executor=self.matching)(*args)
