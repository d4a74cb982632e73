"""The cache while Redis is there, gone, and back: a counter goes on and never fails a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import cache
from tests.patience import at_most

from .programs import Redis

pytestmark = [pytest.mark.faults, pytest.mark.redis]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(cache, "_rests_until", 0.0)
    server = Redis("redis", tmp_path)
    server.start()
    yield server
    server.end()


def shared(server: Redis) -> cache.SharedCache:
    return cache.SharedCache(server.url, {})


def counted(store: cache.SharedCache, name: str) -> int:
    store.add(name, 0, timeout=60)
    return store.incr(name)


def test_processes_count_together(server: Redis) -> None:
    assert [counted(shared(server), "together") for _ in range(3)] == [1, 2, 3]


def test_without_redis_the_process_counts_alone(server: Redis) -> None:
    store = shared(server)
    counted(store, "alone")
    server.kill()

    assert [counted(store, "alone") for _ in range(2)] == [1, 2]
    assert store.get("nothing", "else") == "else"


def test_a_frozen_redis_costs_its_budget_once(server: Redis) -> None:
    store = shared(server)
    server.freeze()

    started = time.monotonic()
    counts = [counted(store, "frozen") for _ in range(5)]

    assert counts == [1, 2, 3, 4, 5]
    assert time.monotonic() - started < at_most(cache.REST)


def test_a_count_begun_without_redis_goes_on_when_it_is_back(server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shared(server)
    server.kill()
    store.add("begun", 0, timeout=60)
    server.start()
    monkeypatch.setattr(cache, "_rests_until", 0.0)

    assert store.incr("begun") == 1
