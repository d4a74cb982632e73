"""Counting alone, together through Redis, and alone again when Redis fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from apps.live.doors import BUDGET, Doors
from apps.live.limits import Bucket, counted
from tests.faults.programs import Redis
from tests.patience import at_most
from tests.ports import free_port
from tests.services import redis


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis() as url:
        yield url


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """One to spoil; it keeps nothing over a restart."""
    server = Redis("redis", tmp_path)
    server.start()
    yield server
    server.end()


@pytest.fixture
async def open_doors() -> AsyncIterator[Callable[[str], Doors]]:
    opened: list[Doors] = []

    def make(url: str) -> Doors:
        opened.append(Doors(url))
        return opened[-1]

    yield make
    for doors in opened:
        await doors.close()


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", ""),
        ("127.9.9.9", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("not an address", ""),
    ],
)
def test_whom_an_address_counts_for(address: str, who: str) -> None:
    assert counted(address) == who


def test_a_bucket_takes_a_burst_and_then_its_rate() -> None:
    bucket = Bucket(10, now=0.0)
    burst = [bucket.take(0.0) for _ in range(21)]
    later = [bucket.take(0.35) for _ in range(4)]

    assert burst == [True] * 20 + [False]
    assert later == [True] * 3 + [False]


async def test_knocks_beyond_the_limit_wait_for_the_next_minute(settings: Any) -> None:
    settings.WS_HANDSHAKES_PER_MINUTE = 2
    doors = Doors()
    with time_machine.travel(1_800_000_015, tick=False) as clock:
        waits = [await doors.knock("203.0.113.7") for _ in range(3)]
        other = await doors.knock("203.0.113.8")
        clock.shift(45)
        next_minute = await doors.knock("203.0.113.7")

    assert waits == [0, 0, 45]
    assert (other, next_minute) == (0, 0)


async def test_seats_are_in_the_order_they_were_taken(settings: Any) -> None:
    doors = Doors()
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        seats = []
        for _ in range(3):
            seats.append(doors.seat())
            taken = await doors.sit("user:1", seats[-1])
            clock.shift(1)
    await doors.rise("user:1", seats[0])

    assert taken == seats
    assert doors.seats == {"user:1": set(seats[1:])}


@pytest.mark.redis
async def test_two_processes_count_together(redis_url: str, open_doors: Callable[[str], Doors], settings: Any) -> None:
    settings.WS_HANDSHAKES_PER_MINUTE = 3
    here, there = open_doors(redis_url), open_doors(redis_url)
    first, second = here.seat(), there.seat()

    await here.sit("user:7", first)
    both = await there.sit("user:7", second)
    await here.rise("user:7", first)
    third = here.seat()
    left = await here.sit("user:7", third)
    with time_machine.travel(1_800_000_015, tick=False):
        waits = [await doors.knock("203.0.113.7") for doors in (here, there, here, there)]

    assert both == sorted([first, second])
    assert left == sorted([second, third])
    assert waits == [0, 0, 0, 45]


@pytest.mark.redis
async def test_the_seats_of_a_dead_process_are_empty(redis_url: str, open_doors: Callable[[str], Doors]) -> None:
    dead, alive = open_doors(redis_url), open_doors(redis_url)
    await dead.sit("user:8", dead.seat())
    assert dead.shared
    await dead.shared.zadd("livedesk:processes", {dead.process: time.time() - 60})
    seat = alive.seat()

    taken = await alive.sit("user:8", seat)

    assert taken == [seat]


async def until_taken(doors: Doors, row: str, own: str, others: set[str]) -> None:
    """Until whoever counts there finds exactly these seats taken beside its own."""
    async with asyncio.timeout(at_most(10.0)):
        while set(await doors.sit(row, own)) - {own} != others:
            await asyncio.sleep(0.1)


@pytest.mark.redis
async def test_seats_are_counted_again_after_redis_has_lost_them(
    own_redis: Redis, open_doors: Callable[[str], Doors]
) -> None:
    here, there = open_doors(own_redis.url), open_doors(own_redis.url)
    seats = [here.seat() for _ in range(3)]
    for seat in seats:
        await here.sit("user:7", seat)
    await here.rise("user:7", seats.pop())
    own = there.seat()
    await until_taken(there, "user:7", own, set(seats))

    own_redis.kill()
    own_redis.start()

    await until_taken(there, "user:7", own, set(seats))


@pytest.mark.redis
async def test_what_happened_while_redis_hung_is_counted_after_it(
    own_redis: Redis, open_doors: Callable[[str], Doors]
) -> None:
    """One came and one left: nobody else was told."""
    here, there = open_doors(own_redis.url), open_doors(own_redis.url)
    left, came, own = here.seat(), here.seat(), there.seat()
    await here.sit("user:8", left)
    await until_taken(there, "user:8", own, {left})

    own_redis.freeze()
    await here.sit("user:8", came)
    await here.rise("user:8", left)
    own_redis.thaw()

    await until_taken(there, "user:8", own, {came})


@pytest.mark.redis
async def test_a_process_that_slept_long_takes_its_seats_again(
    redis_url: str, open_doors: Callable[[str], Doors]
) -> None:
    """Others have emptied them meanwhile."""
    asleep, awake = open_doors(redis_url), open_doors(redis_url)
    seat, own = asleep.seat(), awake.seat()
    await asleep.sit("user:9", seat)
    assert asleep.shared
    async with asyncio.timeout(at_most(5.0)):
        while await asleep.shared.zscore("livedesk:seated", asleep.process) is None:
            await asyncio.sleep(0.05)
    await asleep.shared.zadd("livedesk:processes", {asleep.process: time.time() - 60})
    emptied = await awake.sit("user:9", own)

    assert emptied == [own]
    await until_taken(awake, "user:9", own, {seat})


async def test_without_redis_a_process_counts_for_itself_and_soon(
    open_doors: Callable[[str], Doors], settings: Any
) -> None:
    settings.WS_HANDSHAKES_PER_MINUTE = 1
    doors = open_doors(f"redis://127.0.0.1:{free_port()}/0")
    seat = doors.seat()
    began = time.monotonic()

    taken = await doors.sit("user:9", seat)
    with time_machine.travel(1_800_000_015, tick=False):
        waits = [await doors.knock("203.0.113.7") for _ in range(2)]
    took = time.monotonic() - began

    assert taken == [seat]
    assert waits == [0, 45]
    assert took < at_most(2 * BUDGET)
