"""Quotes by way of the database, for a process that no longer hears them from the desk."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from django.conf import settings
from django.db import Error

from apps import telemetry
from apps.live import bus
from apps.live.readers import on_reader
from apps.live.running import beside_hub, moved

from .quotes import board
from .wire import QUOTES

log = logging.getLogger(__name__)

SILENT = 0.4  # seconds without a word of the desk: longer than from one to the next, shorter than a link's rest
LOOK_SECONDS = 0.2  # with the third of a second after which an unheard desk saves again, far below what is promised
RETRY_SECONDS = 1.0
UNTOLD_SECONDS = 1.5  # after the first word that is heard again the desk has saved what it could not tell


class SavedQuotes:
    """Where the market is open and the desk is not heard, reads what it has saved, over and over."""

    def __init__(self) -> None:
        self.heard_at = self.again_at = time.monotonic()
        self.upto = board.newest  # nothing is missing here that came until then
        self.missing = False  # something may be that came later

    def hear(self, batch: Any) -> None:
        """By when a word came, not by the quotes' stamps: this process's clock may be behind these."""
        now = time.monotonic()
        if now - self.heard_at > SILENT:
            self.missing, self.again_at = True, now
        self.heard_at = now
        if not self.missing:
            self.upto = board.newest

    def must_read(self) -> bool:
        """Alone, without Redis, there is nobody to be cut off from."""
        lacks = self.missing or time.monotonic() - self.heard_at > SILENT
        return bool(settings.REDIS_URL) and board.status.is_quoting and lacks

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if self.must_read():
                    await self.look()
            except Error:
                telemetry.faults.labels("saved quotes").inc()
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                telemetry.faults.labels("saved quotes").inc()
                log.exception("reading the saved quotes failed")
                await asyncio.sleep(RETRY_SECONDS)

    async def look(self) -> None:
        began, before = time.monotonic(), dict(board.quotes)
        self.upto = await on_reader(board.catch_up, self.upto)
        for symbol, quote in tuple(board.quotes.items()):
            if quote is not before.get(symbol):
                moved(f"quote/{symbol}")
        if began - self.again_at > UNTOLD_SECONDS:
            self.missing = False


def follow_when_cut_off() -> None:
    saved = SavedQuotes()
    bus.subscribe(QUOTES, saved.hear)
    beside_hub(saved.follow)
