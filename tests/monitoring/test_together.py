"""R-HEALTH over all processes: each tells its figures, the sum is what all are told, and the dead are forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from apps.live.doors import pool
from apps.monitoring.figures import NAMES, Figures, websocket
from apps.monitoring.roll import FORGOTTEN
from apps.monitoring.together import BOOK, HEARD, Together
from apps.telemetry.latency import BOUNDS, KINDS

NOTHING = [0] * (len(BOUNDS) + 1)
IDLE = Figures(
    rss=1000,
    connected=0,
    opened=0,
    closed=0,
    resumed=0,
    open_seconds=0.0,
    frames=0,
    faults=0,
    frames_per_second=None,
    felt=dict.fromkeys(KINDS, NOTHING),
)


def felt(kind: str, bucket: int, count: int) -> dict[str, list[int]]:
    counts = list(NOTHING)
    counts[bucket] = count
    return {**IDLE.felt, kind: counts}


def test_figures_are_of_all_sockets_and_not_averages_of_averages() -> None:
    busy = replace(
        IDLE, connected=90, opened=190, closed=100, resumed=19, open_seconds=1000.0, frames=900, frames_per_second=50.0
    )
    small = replace(IDLE, connected=10, opened=10, closed=0, resumed=1, frames=100, faults=1, frames_per_second=0.5)

    told = websocket([busy, small, IDLE])

    assert {name: told[name] for name in NAMES[:-1]} == {
        "connections": 100,
        "totalConnections": 200,
        "avgConnectionDuration": 10.0,
        "reconnectRate": 0.1,
        "messagesPerSecond": 50.5,
        "errorRate": 0.001,
    }


def test_percentiles_are_of_all_that_was_felt() -> None:
    """Ninety-five quick ones here and five slow ones there: the P99 is slow, and no process alone knows."""
    quick, slow = replace(IDLE, felt=felt("quote", 0, 95)), replace(IDLE, felt=felt("quote", 20, 5))

    told = websocket([quick, slow])["latency"]["quote"]

    assert told["samples"] == 100
    assert told["p50"] < 5
    assert told["p99"] > BOUNDS[19] * 1000


def test_nothing_is_invented() -> None:
    idle = websocket([IDLE])

    assert websocket([]) == dict.fromkeys(NAMES)
    assert (idle["connections"], idle["avgConnectionDuration"], idle["reconnectRate"]) == (0, None, None)
    assert (idle["messagesPerSecond"], idle["errorRate"]) == (None, None)
    assert idle["latency"]["event"] == {"p50": None, "p95": None, "p99": None, "samples": 0}


@pytest.mark.redis
async def test_each_process_knows_all(shared: Redis) -> None:
    one, other = Together(), Together()

    await one.tell(shared)
    alone = len(one.figures())
    await other.tell(shared)
    await one.tell(shared)

    assert (alone, len(one.figures()), len(other.figures())) == (1, 2, 2)
    assert sum(each.rss for each in one.figures()) > one.figures()[0].rss


@pytest.mark.redis
async def test_a_process_that_says_nothing_more_is_forgotten(shared: Redis) -> None:
    one, dead = Together(), Together()
    await dead.tell(shared)
    await one.tell(shared)
    before = len(one.figures())

    await shared.zincrby(HEARD, -FORGOTTEN, dead.name)
    await one.tell(shared)

    assert (before, len(one.figures())) == (2, 1)
    assert await shared.hlen(BOOK) == 1  # type: ignore[misc]


@pytest.mark.redis
async def test_a_process_that_stops_is_none_of_all_from_then_on(shared: Redis) -> None:
    """Though it goes on telling what others do; its pages are sent away after that."""
    one, stopping = Together(), Together()
    await stopping.tell(shared)
    await one.tell(shared)
    before = len(one.figures())

    await stopping.leave()
    await stopping.tell(shared)
    await one.tell(shared)

    assert (before, len(one.figures()), len(stopping.figures())) == (2, 1, 1)
    assert await shared.zscore(HEARD, stopping.name) is None


@pytest.mark.redis
async def test_another_release_is_left_out_and_harms_nobody(shared: Redis) -> None:
    one = Together()
    await shared.hset(BOOK, "older", json.dumps({"rss": 1}))  # type: ignore[misc]
    await shared.hset(BOOK, "mad", "{")  # type: ignore[misc]

    await one.tell(shared)

    assert len(one.figures()) == 1


@pytest.mark.redis
async def test_without_redis_nobody_knows_of_all_and_it_is_said_once(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    one, away = Together(), Redis(connection_pool=pool(settings.REDIS_URL))

    for _ in range(3):
        await one.tell(away)
    await away.aclose(close_connection_pool=True)

    assert one.figures() == []
    assert len([line for line in caplog.messages if "figures of all processes" in line]) == 1
