"""Threads of the desk's own for database work: off its loop, and beside the matching."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")

SAVING = ThreadPoolExecutor(4, thread_name_prefix="desk-save")
REST = 3  # times as long as the part before took: a thread at work has a turn at every frame that is sent meanwhile


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs synchronous database work in one of them."""
    result: T = await database_sync_to_async(work, thread_sensitive=False, executor=SAVING)(*args, **kwargs)
    return result


async def in_turns(work: Callable[P, Iterator[Any]], *args: P.args, **kwargs: P.kwargs) -> None:
    """The same part by part, resting after each, for what takes long and is in no hurry."""
    parts = work(*args, **kwargs)
    more = True
    while more:
        began = time.monotonic()
        more = await in_thread(next, parts, None) is not None
        await asyncio.sleep(REST * (time.monotonic() - began))
