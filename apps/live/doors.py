"""Who knocks and who sits: counted in this process, and with Redis over all of them.

Redis is asked within a time budget and left alone for a while after it failed; then this process counts for itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import count, islice
from typing import Any, TypeVar

from django.conf import settings
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from apps import telemetry

log = logging.getLogger(__name__)
T = TypeVar("T")

BUDGET = 0.25
REST = 2.0
CONNECTIONS = 8
BEAT_SECONDS = 0.5
SECOND_LOOK = 2.0  # seconds after which the seats of a process that has just died are known to be empty
PROCESSES = "livedesk:processes"
SEATED = "livedesk:seated"  # by process when all of its seats were last put in
SEATS_AT_ONCE = 500
MOST_OWED = 20_000  # an outage of hours must not fill memory

# Seats of processes that have not been heard for three beats are empty; one that is heard again puts them in anew, as
# each does when Redis has forgotten everything, and twice a day, before a row expires. All by Redis's own clock.
SIT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], 86400)
local taken = {}
for _, seat in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local heard = redis.call('ZSCORE', KEYS[2], string.match(seat, ':(%x+):'))
  local silent = heard and now - tonumber(heard) or 60
  if silent <= 1.5 then
    table.insert(taken, seat)
  elseif silent > 15 then
    redis.call('SREM', KEYS[1], seat)
    redis.call('ZREM', KEYS[3], string.match(seat, ':(%x+):'))
  end
end
return taken
"""
BEAT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3600)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 43200)
return redis.call('ZSCORE', KEYS[2], ARGV[1]) and 1 or 0
"""
ALL_SEATED = "return redis.call('ZADD', KEYS[1], redis.call('TIME')[1], ARGV[1])"


class Doors:
    """The doors of one process; `shared` is what the processes count in together."""

    def __init__(self, url: str = "") -> None:
        self.process = uuid.uuid4().hex
        self.numbers = count(1)
        self.knocks: dict[str, int] = defaultdict(int)
        self.minute = 0
        self.seats: dict[str, set[str]] = defaultdict(set)
        self.owed: set[tuple[str, str]] = set()  # rows and seats of which Redis may know no more, or not yet
        self.shared: Redis | None = Redis(connection_pool=pool(url)) if url else None
        self.rests_until = 0.0
        self.beating: asyncio.Task[None] | None = None

    async def knock(self, who: str) -> int:
        """Seconds the address must wait before it may open another socket; 0: it may now."""
        most = settings.WS_HANDSHAKES_PER_MINUTE
        if not most or not who:
            return 0
        now = time.time()
        minute, past = divmod(int(now), 60)
        if minute != self.minute:
            self.minute = minute
            self.knocks.clear()
        self.knocks[who] += 1
        count = self.knocks[who]
        if count <= most:
            count = max(count, await self.ask(lambda shared: count_knock(shared, who, minute)) or 0)
        return 60 - past if count > most else 0

    def seat(self) -> str:
        """A name for one socket: by time, so that the first in order is the oldest."""
        return f"{time.time_ns() // 1_000_000:013d}:{self.process}:{next(self.numbers):x}"

    async def sit(self, row: str, seat: str) -> list[str]:
        """Takes the seat; gives every seat taken in that row, the oldest first."""
        self.seats[row].add(seat)
        everywhere = await self.ask(lambda shared: sit(shared, row, seat, self.process))
        if everywhere is None:
            self.owe(row, seat)
        return sorted(self.seats.get(row, set()).union(everywhere or []))

    async def crowded(self, row: str, seat: str, most: int) -> list[str]:
        """Takes the seat; gives those of the row, the oldest first, where they are more than `most`.

        Pages that come back from a process that died find their own old seats taken: others' are counted twice.
        """
        seats = await self.sit(row, seat)
        if len(seats) > most >= len(self.seats.get(row, ())):
            await asyncio.sleep(SECOND_LOOK)
            if seat not in self.seats.get(row, ()):
                return []
            seats = await self.sit(row, seat)
        return seats if len(seats) > most else []

    async def rise(self, row: str, seat: str) -> None:
        """Gives the seat back."""
        if row in self.seats:
            self.seats[row].discard(seat)
            if not self.seats[row]:
                del self.seats[row]
        if await self.ask(lambda shared: rise(shared, row, seat)) is None:
            self.owe(row, seat)

    def owe(self, row: str, seat: str) -> None:
        if self.shared is not None and len(self.owed) < MOST_OWED:
            self.owed.add((row, seat))

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T | None:
        """What Redis answers; None where there is none or it is too slow."""
        if self.shared is None or time.monotonic() < self.rests_until:
            return None
        if self.beating is None:
            self.beating = asyncio.get_running_loop().create_task(self.beat_for_ever())
        try:
            return await question(self.shared)
        except Exception as error:
            telemetry.faults.labels("limits").inc()
            log.warning("counting together with the other processes failed: %r", error)
            self.rests_until = time.monotonic() + REST
            return None

    async def beat_for_ever(self) -> None:
        """Says that this process lives, so that its seats count, and puts in again what Redis has lost of them."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            known = await self.ask(lambda shared: run(shared, BEAT, [PROCESSES, SEATED], [self.process]))
            if known == 0:
                self.owed.update((row, seat) for row, seats in self.seats.items() for seat in seats)
            if known is not None and await self.settle() and known == 0:
                await self.ask(lambda shared: run(shared, ALL_SEATED, [SEATED], [self.process]))

    async def settle(self) -> bool:
        """Says of each seat that is owed whether it is taken, some at a time; whether all could be said."""
        while self.owed:
            some = {(row, seat): seat in self.seats.get(row, ()) for row, seat in islice(self.owed, SEATS_AT_ONCE)}
            if await self.ask(partial(tell, places=some)) is None:
                return False
            self.owed -= {
                place for place, taken in some.items() if taken == (place[1] in self.seats.get(place[0], ()))
            }
        return True

    async def close(self) -> None:
        if self.beating is not None:
            self.beating.cancel()
            await asyncio.gather(self.beating, return_exceptions=True)
        if self.shared is not None:
            await self.shared.aclose(close_connection_pool=True)


def pool(url: str) -> BlockingConnectionPool:
    """Few connections that give up soon and try nothing twice."""
    return BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=BUDGET,
        socket_timeout=BUDGET,
        socket_connect_timeout=BUDGET,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


async def run(shared: Redis, script: str, keys: list[str], arguments: list[str]) -> Any:
    answer: Any = shared.eval(script, len(keys), *keys, *arguments)
    return await answer


async def count_knock(shared: Redis, who: str, minute: int) -> int:
    name = f"livedesk:knocks:{who}:{minute}"
    async with shared.pipeline(transaction=False) as both:
        both.incr(name)
        both.expire(name, 120)
        return int((await both.execute())[0])


async def sit(shared: Redis, row: str, seat: str, process: str) -> list[str]:
    return list(await run(shared, SIT, [seats_of(row), PROCESSES, SEATED], [seat, process]))


async def rise(shared: Redis, row: str, seat: str) -> int:
    answer: Any = shared.srem(seats_of(row), seat)
    return int(await answer)


async def tell(shared: Redis, places: Mapping[tuple[str, str], bool]) -> int:
    """Takes the seats and gives them back, as is said of each."""
    async with shared.pipeline(transaction=False) as all_of_them:
        for (row, seat), taken in places.items():
            if taken:
                all_of_them.sadd(seats_of(row), seat)
                all_of_them.expire(seats_of(row), 86400)
            else:
                all_of_them.srem(seats_of(row), seat)
        return len(await all_of_them.execute())


def seats_of(row: str) -> str:
    return f"livedesk:seats:{row}"
