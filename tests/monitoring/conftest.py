"""A real Redis, empty, that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from apps.live.doors import pool
from tests.services import redis


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis() as url:
        yield url


@pytest.fixture
async def shared(url: str, settings: Any) -> AsyncIterator[Redis]:
    settings.REDIS_URL = url
    shared = Redis(connection_pool=pool(url))
    await shared.flushall()
    yield shared
    await shared.aclose(close_connection_pool=True)
