"""The hub of this process, started by the first page that needs it (ASGI servers need not speak lifespan)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from django.conf import settings

from . import bus
from .hub import Hub

sweeps: list[Callable[[], Iterable[str]]] = []
companions: list[Callable[[], Coroutine[Any, Any, None]]] = []
_hub: Hub | None = None
_task: asyncio.Task[None] | None = None


def running_hub() -> Hub:
    """The hub, running on the current event loop."""
    global _hub, _task
    loop = asyncio.get_running_loop()
    if _hub is None or _task is None or _task.done() or _task.get_loop() is not loop:
        bus.attach(loop)
        _hub = Hub(settings.LIVE_TICK_MS / 1000)
        _hub.tail.sweeps, _hub.companions = list(sweeps), list(companions)
        _task = loop.create_task(_hub.run())
    return _hub


def moved(topic: str) -> None:
    """Says that a topic must be drawn again; only from the loop, cheap when nobody watches."""
    if _hub is not None:
        _hub.moved(topic)


def present_hub() -> Hub | None:
    """The hub if one runs."""
    return _hub


def on_sweep(source: Callable[[], Iterable[str]]) -> None:
    """Registers what names, once a second, topics to draw again though nothing moved (quotes gone stale)."""
    sweeps.append(source)


def beside_hub(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Registers what goes on for as long as the hub runs; it takes care of its own faults."""
    companions.append(work)


async def stop_hub() -> None:
    global _hub, _task
    if _task is not None:
        _task.cancel()
        await asyncio.gather(_task, return_exceptions=True)
    _hub = _task = None
