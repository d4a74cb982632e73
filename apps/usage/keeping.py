"""Beside each web process's hub: writes what was counted, and each five minutes who watches what."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from apps import telemetry
from apps.live.hub import Hub
from apps.live.running import present_hub
from apps.live.topics import split

from . import services
from .counting import tray

log = logging.getLogger(__name__)

EVERY = 5.0
LOOK_MINUTES = 5
THREAD = ThreadPoolExecutor(1, thread_name_prefix="usage")
SHOWS_SYMBOL = "quote"

Watchers = dict[str, list[int]]


async def keep() -> None:
    """What cannot be written now is with the next; a process that is killed takes seconds of it along."""
    failing, marked, look_at = False, False, time.monotonic() + EVERY
    while True:
        await asyncio.sleep(EVERY)
        try:
            if not marked:
                await in_thread(mark)
                marked = True
            await in_thread(write)
            if time.monotonic() >= look_at:
                look_at += 60.0 * LOOK_MINUTES
                await in_thread(look, *watchers(present_hub()))
        except Exception:
            telemetry.faults.labels("usage").inc()
            if not failing:
                log.exception("counting use failed; the next turn tries again")
            failing = True
        else:
            failing = False


def mark() -> None:
    """Once a process: a mark stays."""
    services.mark_release(settings.RELEASE, timezone.now().date())


def write() -> None:
    """Writes what this process has counted since."""
    counts, users = tray.take()
    try:
        for day in sorted({day for day, _ in users}):
            services.see({user for on, user in users if on == day}, day)
    except BaseException:
        tray.give_back(counts, users)
        raise
    try:
        services.book_hours(counts)
    except BaseException:
        tray.give_back(counts, set())
        raise


def watchers(hub: Hub | None) -> tuple[set[int], Watchers]:
    """Who has a live line, and whose pages show each symbol to somebody who can see it."""
    if hub is None:
        return set(), {}
    shown: Watchers = {}
    for topic, seen in hub.watched.items():
        kind, symbol = split(topic)
        if kind == SHOWS_SYMBOL:
            shown[symbol] = [viewer.user_id for viewer in seen.viewers if viewer not in hub.hidden.sent]
    return {viewer.user_id for viewer in hub.viewers}, shown


def look(users: set[int], shown: Watchers) -> None:
    services.see_live(users, shown, LOOK_MINUTES, timezone.now())


async def in_thread(work: object, *args: object) -> None:
    await database_sync_to_async(work, thread_sensitive=False, executor=THREAD)(*args)
