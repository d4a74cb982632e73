"""A request stays in one thread from its first middleware to its last, and only so many are worked on at once.

Django would start a thread for each and go back and forth between it and the loop wherever a middleware knows only one
of the two: a third of what an order cost. Fifty at once then took turns at one interpreter, each with a connection.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from apps import telemetry
from apps.live.asking import is_json
from apps.live.identity import header

from .bodies import TOO_LARGE, BodyTooLarge, Receive, bounded
from .middleware import is_of_files

AT_ONCE = 8
FILES_AT_ONCE = 2
WAIT_SECONDS = 5.0
BUSY = "The desk is busy"
TRY_AGAIN = "Nobody could take this within 5 seconds. Nothing was changed; try again."

Send = Callable[[Any], Awaitable[None]]


class Room:
    """So many threads, and a seat for each."""

    def __init__(self, count: int, name: str) -> None:
        self.threads = ThreadPoolExecutor(count, thread_name_prefix=name)
        self.seats = asyncio.Semaphore(count)


class Handler(ASGIHandler):
    """Whoever comes while all threads are taken waits its turn, and is sent away where that takes too long.

    Static files ask nothing of the database (`config.middleware.files_only`), so nothing that hangs has their threads.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests, self.files = Room(AT_ONCE, "request"), Room(FILES_AT_ONCE, "static")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(bounded(receive))
        except RequestAborted:
            return
        except BodyTooLarge:
            await self.send_response(plain(TOO_LARGE, 413, {"Connection": "close"}), send)
            return
        room = self.files if is_of_files(scope["path"]) else self.requests
        try:
            await asyncio.wait_for(room.seats.acquire(), WAIT_SECONDS)
        except BaseException as error:
            body.close()
            if not isinstance(error, TimeoutError):
                raise
            telemetry.faults.labels("busy").inc()
            await self.send_response(busy(scope), send)
            return
        response = await self.in_thread(room, scope, body)
        if response.streaming:
            await self.stream(response, receive, send)
        else:
            await self.send_response(response, send)

    async def in_thread(self, room: Room, scope: dict[str, Any], body: IO[bytes]) -> HttpResponseBase:
        """Goes on to its end, and keeps its seat so long, also where the client has left."""
        work = contextvars.copy_context().run
        answering = asyncio.get_running_loop().run_in_executor(room.threads, work, self.answer, scope, body)
        answering.add_done_callback(lambda _: room.seats.release())
        return await asyncio.shield(answering)

    def answer(self, scope: dict[str, Any], body: IO[bytes]) -> HttpResponseBase:
        """What it had of the database is given back before the answer is sent."""
        with closing(body):
            set_script_prefix(get_script_prefix(scope))
            signals.request_started.send(sender=type(self), scope=scope)
            request, unread = self.create_request(scope, body)
            response: Any = unread if request is None else self.get_response(request)
            response._handler_class = type(self)
            if response.streaming:
                close_old_connections()
            else:
                response.close()
        answered: HttpResponseBase = response
        return answered

    async def stream(self, response: HttpResponseBase, receive: Receive, send: Send) -> None:
        """Until it is sent or the client has left; its parts are read in a thread of its own."""
        sending = asyncio.create_task(self.send_response(response, send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await sync_to_async(response.close)()


def busy(scope: dict[str, Any]) -> HttpResponse:
    """Django is not asked: it has no thread for it."""
    headers = {
        "Retry-After": "5",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    if is_json(header(scope, b"accept")):
        return JsonResponse({"error": BUSY, "detail": TRY_AGAIN}, status=503, headers=headers)
    return plain(f"{BUSY}. {TRY_AGAIN}", 503, headers)


def plain(text: str, status: int, headers: dict[str, str]) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)
