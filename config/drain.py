"""The clean end of a process: nobody new, everybody told, everything begun finished."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from apps.live.codes import RESTARTING

log = logging.getLogger(__name__)

SPREAD = 1.5  # seconds over which sockets are closed, so that pages do not all come back at once
SOCKETS_END = 8.0
REQUESTS_END = 50.0
BACKSTOP = 57.0  # a thread that never ends would keep the interpreter for ever

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def end_within(seconds: float) -> None:
    """Ends the process at last, whatever still hangs."""
    timer = threading.Timer(seconds, os._exit, [1])
    timer.daemon = True
    timer.start()


def tell_draining(application: Application, draining: Callable[[], bool]) -> Application:
    """While draining, /health and /readyz say so to whoever still has a connection, and each answer is its last.

    Not for sockets: nothing of this stands by while they are open.
    """

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def send_last(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and draining():
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            await send(message)

        if draining() and scope["path"] in {"/health", "/readyz"}:
            headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
            await send_last({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps({"status": "draining"}).encode()})
        else:
            await application(scope, receive, send_last)

    def answered(scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
        return (answer if scope["type"] == "http" else application)(scope, receive, send)

    return answered


async def drain(server: Any, reactor: Any) -> None:
    """Stops listening, sends every page away at a moment of its own, lets consumers and requests finish."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    for port in server.ports:
        port.stopListening()
    while True:
        for protocol in server.open_sockets():
            if not protocol.sent_away:
                protocol.sent_away = True
                loop.call_later(random.random() * SPREAD, protocol.serverClose, RESTARTING.close)  # noqa: S311 -- jitter
        sockets, requests = server.at_work()
        waited = loop.time() - started
        if (not sockets or waited > SOCKETS_END) and (not (requests or reactor.getWriters()) or waited > REQUESTS_END):
            break
        await asyncio.sleep(0.05)
    if sockets or requests:
        log.warning("ended with %s sockets and %s requests at work", sockets, requests)
