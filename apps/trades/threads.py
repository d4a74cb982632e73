"""Threads of the desk's own for database work: off its loop, and beside the matching."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")

SAVING = ThreadPoolExecutor(4, thread_name_prefix="desk-save")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs synchronous database work in one of them."""
    result: T = await database_sync_to_async(work, thread_sensitive=False, executor=SAVING)(*args, **kwargs)
    return result
