"""Threads of the live transport's own for database work: never one of those that requests share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")

READERS = ThreadPoolExecutor(4, thread_name_prefix="live-db")


async def on_reader(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs synchronous database work in a reader thread."""
    result: T = await database_sync_to_async(function, thread_sensitive=False, executor=READERS)(*args, **kwargs)
    return result
