"""Each turn, in one of all web processes: a line as a page's, an event as a trader's, and the time between the two."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from apps import telemetry
from apps.live.codes import RESTARTING, SERVICE_RESTART

from . import services
from .models import Stage
from .tokens import new_token
from .whereabouts import present_url

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
SHARE = 0.4  # of a turn, for the line and again for the event: it is over before the next one's begins
SPREAD = 0.1  # of a turn, by dice: no process is always the first, so that each is tried
MOST_FRAME = 64 * 1024
BEAT = re.compile(r'id="canary"[^>]* data-beat="(\d+)"')
THREADS = ThreadPoolExecutor(2, thread_name_prefix="canary")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long it took (s), or where it failed and why; neither where it met a process that is being stopped."""

    seconds: float | None = None
    failed: str = ""
    why: str = ""


async def fly_for_ever() -> None:
    every = settings.CANARY_SECONDS
    while every:
        due = (time.time() // every + 1) * every
        await asyncio.sleep(due - time.time() + random.uniform(0, SPREAD * every))  # noqa: S311 -- spreads load
        url = present_url()
        if not url:
            continue
        try:
            await fly(datetime.fromtimestamp(due, UTC), url)
        except Exception as error:
            telemetry.canary_failures.labels(Stage.COMMIT).inc()
            log.warning("the canary's turn could not be written down: %r", error)


async def fly(due: datetime, url: str) -> None:
    """Takes the turn, if nobody has, and keeps what became of it."""
    flight = await in_thread(services.claim, due)
    if flight is None:
        return
    outcome = await measured(url, min(PATIENCE_S, SHARE * settings.CANARY_SECONDS))
    if outcome.seconds is not None:
        telemetry.canary_seconds.observe(outcome.seconds)
    elif outcome.failed:
        telemetry.canary_failures.labels(outcome.failed).inc()
        log.warning("the canary failed to %s: %s", outcome.failed, outcome.why)
    else:
        await in_thread(services.call_off, flight)
        return
    await in_thread(services.land, flight, timezone.now(), outcome.seconds, outcome.failed)


async def measured(url: str, patience: float) -> Outcome:
    stage = Stage.CONNECT
    try:
        async with line_to(url, patience) as line, asyncio.timeout(patience):
            await heard(line, 0)  # once it is shown what there is, the hub knows it
            stage = Stage.COMMIT
            sung = await in_thread(services.sing, patience)
            stage = Stage.RECEIVE
            await heard(line, sung.beat)
            return Outcome(seconds=time.monotonic() - sung.at)
    except ConnectionClosed as error:
        if error.rcvd is not None and error.rcvd.code in {RESTARTING.close, SERVICE_RESTART}:
            return Outcome()
        return Outcome(failed=stage.value, why=repr(error))
    except (OSError, WebSocketException, DatabaseError) as error:  # a timeout is an OSError
        return Outcome(failed=stage.value, why=repr(error))


def line_to(url: str, patience: float) -> connect:
    """No proxy of the environment's, nothing packed, little taken: what is there is the desk's own."""
    return connect(
        url,
        additional_headers={"Authorization": f"Bearer {new_token()}"},
        user_agent_header="livedesk-canary",
        open_timeout=patience,
        close_timeout=1,
        compression=None,
        max_size=MOST_FRAME,
        ping_interval=None,
        proxy=None,
    )


async def heard(line: ClientConnection, least: int) -> None:
    """Until it is shown that number or a later one."""
    while True:
        frame = await line.recv(decode=True)
        found = BEAT.search(frame)
        if found and int(found[1]) >= least:
            return


async def in_thread(work: Any, *args: Any) -> Any:
    return await database_sync_to_async(work, thread_sensitive=False, executor=THREADS)(*args)
