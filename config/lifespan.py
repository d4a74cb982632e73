"""How a process begins and ends on an ASGI server that is not `serve`, which sees to both itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.checks import ERROR, run_checks

from apps.live.running import running_hub, stop_hub
from apps.monitoring.together import together

log = logging.getLogger(__name__)


def problems() -> str:
    """What keeps `manage.py serve` from starting, in its words; nothing where all is well. What it only warns of is
    logged."""
    grave: list[str] = []
    for found in run_checks(databases=["default"]):
        if found.is_silenced():
            continue
        if found.is_serious(ERROR):
            grave.append(str(found))
        else:
            log.warning("%s", found)
    return "\n".join(["Livedesk cannot start:", *grave]) if grave else ""


async def lifespan(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
    """Of the stop it hears last of all: by then the server has sent the pages away and finished its requests."""
    while (await receive())["type"] == "lifespan.startup":
        problem = await asyncio.to_thread(problems)
        if problem:
            await send({"type": "lifespan.startup.failed", "message": problem})
            return
        running_hub()
        await send({"type": "lifespan.startup.complete"})
    await together.leave()
    await stop_hub()
    await send({"type": "lifespan.shutdown.complete"})
