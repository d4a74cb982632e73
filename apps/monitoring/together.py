"""Every web process tells the others its figures through Redis, and one that ends is forgotten within seconds."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid

from django.conf import settings
from redis.asyncio import Redis

from apps import telemetry
from apps.live.doors import pool, run
from apps.live.running import beside_hub

from .figures import Figures
from .roll import EVERY, FORGOTTEN, NOW, SWEPT, TOLD

log = logging.getLogger(__name__)

BOOK, HEARD = "livedesk:figures", "livedesk:figures:heard"
ALL = SWEPT + "return redis.call('HVALS', KEYS[1])"  # gives what every living process told
TELL = TOLD + ALL
LEAVE = NOW + "redis.call('HDEL', KEYS[1], ARGV[2])\nredis.call('ZREM', KEYS[2], ARGV[2])\n" + ALL


class Together:
    """Alone, without Redis, a process is all there is. Where Redis does not answer, nobody knows of all."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self.frames, self.frames_at = 0.0, time.monotonic()
        self.frames_per_second: float | None = None
        self.told: list[Figures] = []
        self.task: asyncio.Task[None] | None = None
        self.ill, self.leaving = False, False

    async def start(self) -> asyncio.Task[None]:
        """Tells, and goes on beside the loop that asks; another time it changes nothing."""
        loop = asyncio.get_running_loop()
        if self.task is None or self.task.done() or self.task.get_loop() is not loop:
            told = asyncio.Event()
            self.task = loop.create_task(self.keep(told))
            await told.wait()
        return self.task

    async def follow(self) -> None:
        await (await self.start())

    async def keep(self, told: asyncio.Event) -> None:
        shared = Redis(connection_pool=pool(settings.REDIS_URL)) if settings.REDIS_URL else None
        try:
            while True:
                await self.tell(shared)
                told.set()
                await asyncio.sleep(EVERY)
        finally:
            if shared is not None:
                await shared.aclose(close_connection_pool=True)

    async def tell(self, shared: Redis | None) -> None:
        """Tells the own figures and keeps those of all."""
        self.measure()
        own = Figures.own(self.frames_per_second)
        if shared is None:
            self.told = [own]
            return
        try:
            words = [str(FORGOTTEN), self.name, json.dumps(own.packed())]
            self.told = read(await run(shared, LEAVE if self.leaving else TELL, [BOOK, HEARD], words))
            self.ill = False
        except Exception as error:
            self.told = []
            if not self.ill:
                self.ill = True
                telemetry.faults.labels("figures").inc()
                log.warning("the figures of all processes are not known: %r", error)

    async def leave(self) -> None:
        """This process stops: from now on it is none of all, so that no page comes back from it before it went."""
        self.leaving = True
        if not settings.REDIS_URL:
            return
        shared = Redis(connection_pool=pool(settings.REDIS_URL))
        try:
            await self.tell(shared)
        finally:
            await shared.aclose(close_connection_pool=True)

    def measure(self) -> None:
        now, frames = time.monotonic(), telemetry.value(telemetry.frames_sent)
        if now - self.frames_at >= EVERY / 2:
            self.frames_per_second = round((frames - self.frames) / (now - self.frames_at), 1)
            self.frames, self.frames_at = frames, now

    def figures(self) -> list[Figures]:
        """Of every living process; of none where that cannot be known."""
        return self.told if settings.REDIS_URL else [Figures.own(self.frames_per_second)]


def read(told: list[str]) -> list[Figures]:
    """During a deploy some may be another release's: these are left out."""
    known = []
    for words in told:
        try:
            known.append(Figures.unpacked(json.loads(words)))
        except (TypeError, ValueError):
            continue
    return known


together = Together()


def tell_each_other() -> None:
    """A process that nobody asks for its health tells the others all the same."""
    beside_hub(together.follow)
