"""The socket of a live page. A page's consumer only names the page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any, ClassVar

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http import QueryDict

from apps import telemetry
from apps.telemetry.logs import bind

from .activity import ActivityPage
from .codes import BY_CLOSE, FAILED, LIMITED, LOST, MALFORMED, OVERSIZE, Code, counted_as
from .entrance import Entered
from .identity import from_our_origin, session_key_of
from .limits import WAIT_SECONDS, Bucket, counted_of, draw_wait, network_of
from .pages import Page
from .running import running_hub
from .viewer import Viewer
from .vocabulary import Unspeakable, hear

log = logging.getLogger(__name__)
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MAX_WAITING = 16  # frames that may wait for a server whose `send` suspends; then the page is behind


class LivePage(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Signs in by the session, shows the page's topics, hears a few words; commands travel by HTTP."""

    page: ClassVar[type[Page]]
    viewer: Viewer | None = None
    writer: asyncio.Task[None] | None = None
    ended = False
    opened_at = 0.0
    address_row = ""
    seat = ""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        # Channels' own listens to a layer as well, with a task for each message
        self.scope, self.base_send = scope, send
        with contextlib.suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own dispatch hops to the one shared thread for each message: a slow query anywhere stalls all
        try:
            await getattr(self, get_handler_name(message))(message)
        except (StopConsumer, asyncio.CancelledError):
            raise
        except Exception:
            telemetry.faults.labels("socket").inc()
            log.exception("a socket failed")
            await self.end(FAILED)

    async def connect(self) -> None:
        bind(connection=token_hex(4))
        if not from_our_origin(self.scope):
            telemetry.sockets_refused.labels("origin").inc()
            telemetry.errors.add("connection")
            await self.close()
            return
        await self.accept()  # a refusal before it would reach the browser as 1006, and be retried for ever
        wait = await self.ask_in()
        if wait:
            await self.end(LIMITED, wait)
            return
        params = QueryDict(self.scope["query_string"]).dict()
        entered = await running_hub().entrance.enter(self.page(), session_key_of(self.scope), params)
        if isinstance(entered, Code):
            await self.end(entered)
            return
        self.viewer = self.viewer_of(entered)
        bind(user=self.viewer.user_id)
        self.opened_at = time.monotonic()
        telemetry.sockets_opened.inc()
        telemetry.sockets_open.inc()
        log.debug("a socket of %s is open", self.page.name)
        if params.get("tries", "0") != "0":
            telemetry.sockets_resumed.inc()
        self.bucket = Bucket(settings.WS_MESSAGES_PER_SECOND, self.opened_at)
        hub = running_hub()
        hub.join(self.viewer, entered.topics, entered.arrival.has(entered.topics))
        hub.guard.greet(self.viewer)
        self.scope["headers"].clear()  # they would stay as long as the page does

    async def ask_in(self) -> int:
        """Seconds that this address must wait; before anything is looked up for it."""
        doors = running_hub().guard.doors
        self.seat = doors.seat()
        who = counted_of(self.scope)
        wait = await doors.knock(who)
        if wait or not who or not settings.WS_MAX_PER_ADDRESS:
            return wait
        self.address_row = f"address:{who}"
        taken = await doors.crowded(self.address_row, self.seat, settings.WS_MAX_PER_ADDRESS)
        return WAIT_SECONDS if self.seat in taken[settings.WS_MAX_PER_ADDRESS :] else 0

    def viewer_of(self, entered: Entered) -> Viewer:
        visitor, arrival = entered.visitor, entered.arrival
        sink = self.scope.get("extensions", {}).get("fanout")
        take = sink.write if sink else self.start_writing()
        viewer = Viewer(visitor.user.pk, visitor.session_key, take, self.close_soon)
        viewer.cursors, viewer.newest = arrival.cursors, arrival.newest
        viewer.standing, viewer.seat = visitor.standing, self.seat
        viewer.page, viewer.network = self.page.name, network_of(self.scope)
        return viewer

    # Writing: a server with prepared frames takes bytes at once, any other through a queue

    def start_writing(self) -> Callable[[bytes], bool]:
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)
        self.writer = asyncio.create_task(self.write())
        return self.put

    def put(self, payload: bytes) -> bool:
        try:
            self.waiting.put_nowait(payload)
        except asyncio.QueueFull:
            return False
        return True

    async def write(self) -> None:
        with contextlib.suppress(Exception):  # the peer is gone: its disconnect tells the hub
            while True:
                await self.send(text_data=(await self.waiting.get()).decode())

    def close_soon(self, code: int) -> None:
        known = BY_CLOSE[code]
        running_hub().spawn(self.end(known, WAIT_SECONDS if known is LIMITED else 0))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What the page says, as often and as long as it may."""
        if self.viewer is None or self.ended:
            return
        telemetry.messages_received.inc()
        if not self.bucket.take(time.monotonic()):
            await self.end(LIMITED, WAIT_SECONDS)
        elif len(text_data or "") > settings.WS_MAX_MESSAGE:
            await self.end(OVERSIZE)
        elif not text_data:
            await self.end(MALFORMED)
        else:
            try:
                hear(running_hub(), self.viewer, text_data)
            except Unspeakable:
                await self.end(MALFORMED)

    async def end(self, code: Code, wait: int = 0) -> None:
        """Shows the page nothing more; says how long it must stay away, if it must, and why."""
        if self.ended:
            return
        self.ended = True
        telemetry.errors.add(code.category)
        if self.viewer is None:
            telemetry.sockets_refused.labels(counted_as(code.close)).inc()
        self.leave(code.close)
        with contextlib.suppress(Exception):  # it may be gone already
            if wait:
                await self.send(text_data=draw_wait(wait))
            await self.close(code.close)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        # Channels' own closes connections to the database in the one shared thread, for each socket
        if message.get("code") == LOST and self.viewer is not None:
            telemetry.errors.add("connection")
        self.leave(message.get("code"))
        raise StopConsumer

    def leave(self, code: int | None) -> None:
        """Gives back everything; once."""
        if self.address_row:
            running_hub().spawn(running_hub().guard.doors.rise(self.address_row, self.seat))
            self.address_row = ""
        if self.viewer is None:
            return
        running_hub().leave(self.viewer)
        running_hub().guard.part(self.viewer)
        if self.writer is not None:
            self.writer.cancel()
        telemetry.sockets_open.dec()
        telemetry.sockets_closed.labels(counted_as(code)).inc()
        telemetry.socket_duration.observe(time.monotonic() - self.opened_at)
        self.viewer = None


class ActivityConsumer(LivePage):
    page = ActivityPage
