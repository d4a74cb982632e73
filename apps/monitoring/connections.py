"""Who is connected, over all web processes: each tells its own through Redis, and one that ends is forgotten soon."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass

import redis
import redis.asyncio
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps import telemetry
from apps.live.doors import BUDGET, pool, run
from apps.live.roster import Line, open_lines
from apps.live.running import beside_hub, present_hub

from .roll import EVERY, FORGOTTEN, NOW, SWEPT, TOLD

log = logging.getLogger(__name__)

BOOK, HEARD = "livedesk:lines", "livedesk:lines:heard"
TELL = TOLD + "return 1"
READ = NOW + SWEPT + "return redis.call('HVALS', KEYS[1])"


@dataclass(frozen=True, slots=True)
class Connected:
    """The newest sockets of each process, the newest first; how many there are in all, in how many processes.

    Not `complete`: Redis does not answer, and these are the sockets of one process alone.
    """

    lines: list[Line]
    total: int
    processes: int
    complete: bool = True


def own_words() -> str:
    lines, total = open_lines()
    hub = present_hub()
    name = hub.guard.doors.process if hub else ""
    return json.dumps({"process": name, "total": total, "lines": [line.packed() for line in lines]})


def connected() -> Connected:
    """Asks Redis, where there is one, in this thread; this process is always as of now."""
    own = own_words()
    told, complete = [own], True
    if settings.REDIS_URL:
        try:
            told += others_words()
        except redis.RedisError as error:
            telemetry.faults.labels("connections").inc()
            log.warning("the sockets of all processes are not known: %r", error)
            complete = False
    lines: dict[str, tuple[list[Line], int]] = {}
    for words in told:
        try:
            said = json.loads(words)
            lines.setdefault(said["process"], ([Line.unpacked(each) for each in said["lines"]], int(said["total"])))
        except (KeyError, TypeError, ValueError, IndexError):  # of another release, during a deploy
            continue
    every = sorted((line for found, _ in lines.values() for line in found), key=lambda line: line.seat, reverse=True)
    return Connected(every, sum(total for _, total in lines.values()), len(lines), complete)


def others_words() -> list[str]:
    """What every living process told last. Raises RedisError."""
    retry, patience = Retry(NoBackoff(), 0), {"socket_timeout": BUDGET, "socket_connect_timeout": BUDGET}
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, retry=retry, **patience) as shared:
        told: list[str] = shared.eval(READ, 2, BOOK, HEARD, str(FORGOTTEN))
        return told


async def tell_for_ever() -> None:
    """Tells the own sockets; nothing where there is nobody to tell."""
    if not settings.REDIS_URL:
        return
    shared, ill = redis.asyncio.Redis(connection_pool=pool(settings.REDIS_URL)), False
    try:
        while True:
            hub = present_hub()
            try:
                await tell(shared, hub.guard.doors.process if hub else "")
                ill = False
            except Exception as error:
                telemetry.faults.labels("connections").inc()
                if not ill:
                    ill = True
                    log.warning("telling the own sockets failed: %r", error)
            await asyncio.sleep(EVERY)
    finally:
        await shared.aclose(close_connection_pool=True)


async def tell(shared: redis.asyncio.Redis, process: str) -> None:
    await run(shared, TELL, [BOOK, HEARD], [str(FORGOTTEN), process, own_words()])


def tell_who_is_connected() -> None:
    beside_hub(tell_for_ever)
