"""Being the desk by turns: whichever process holds the lease works, all others stand by."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from apps import telemetry
from apps.live import bus
from apps.live.clock import SharedClock
from apps.market.feeds import Feed, feed_from_setting

from .brokers.paper import PaperBroker
from .engine import SECOND, Desk
from .lease import Lease
from .threads import in_thread

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0


async def run_desk(stop: asyncio.Event, feed_of: Callable[[Any], Feed] = feed_from_setting) -> None:
    """Is the desk whenever the lease is free, and stands by otherwise, until `stop`. Gives the lease back.

    Raises FeedError for a feed that cannot be made at all; a fault later ends a turn, and the next one begins anew.
    """
    bus.attach(asyncio.get_running_loop())
    lease, clock = Lease(), SharedClock()
    telemetry.desk_lease_held.ask = lambda: float(lease.held)
    unused: Feed | None = await asyncio.to_thread(feed_of, settings)
    looking = asyncio.create_task(keep_right(clock))
    while not stop.is_set():
        try:
            if await in_thread(lease.renew):
                log.info("desk: %s holds the lease", lease.holder)
                await in_thread(clock.look)
                if unused is None:
                    unused = await asyncio.to_thread(feed_of, settings)
                feed, unused = unused, None
                feed.now = clock
                await Desk(feed, PaperBroker(), lease, clock).run(stop)
        except Exception:
            telemetry.faults.labels("desk").inc()
            log.exception("desk: the turn of %s ended", lease.holder)
        await until(stop, SECOND)
    looking.cancel()
    with contextlib.suppress(DatabaseError):  # it runs out by itself
        await in_thread(lease.give_back)


async def keep_right(clock: SharedClock) -> None:
    """Looks at the shared time now and then; while nobody tells it, the clock goes on."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        with contextlib.suppress(DatabaseError):
            await in_thread(clock.look)


async def until(stop: asyncio.Event, seconds: float) -> None:
    """Waits for `stop`, for so long at most."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
