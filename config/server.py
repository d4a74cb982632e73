"""The runner: daphne on uvloop, with prepared frames, the desk in the same process if asked, and a clean end."""

from __future__ import annotations

import asyncio
import atexit
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import uvloop

if "daphne.server" not in sys.modules:  # daphne installs the reactor on whatever loop is the policy's
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from twisted.internet import defer
from twisted.internet import reactor as installed_reactor

from apps.canary.whereabouts import listens_at
from apps.live.running import running_hub, stop_hub
from apps.monitoring.together import together
from config.drain import BACKSTOP, drain, end_within, tell_draining
from config.heap import give_back_holes, give_back_large_blocks, share_one_heap
from config.intake import BoundedSocket, bound_daphne
from config.lean import Inbox
from config.resets import read_what_was_reset
from config.sink import Sink

log = logging.getLogger(__name__)
reactor: Any = installed_reactor  # a module that stands for the reactor daphne has just installed

MAX_MESSAGE = 1 << 20  # daphne's limit, which holds for what is sent as well; what comes in has its own
DESK_ENDS = 5.0
SWITCH_SECONDS = 0.0005  # each frame sent gives other threads a turn; by Python's own 5 ms a busy one stalls a flush

Desk = Callable[[asyncio.Event], Awaitable[None]]


class DeskServer(Server):  # type: ignore[misc]
    """Gives each socket its sink and its inbox, and remembers the ports so that they can be closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ports: list[Any] = []

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        scope["root_path"] = ""  # daphne believes a header of the client's here, and every link would begin with it
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        scope |= {"asgi": {"version": "3.0"}, "extensions": {"fanout": Sink(protocol, reactor._writers)}}
        inbox = Inbox(protocol.message_read)
        consumer = self.application(scope, inbox.get, partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(consumer)
        return inbox

    def listen_success(self, port: Any) -> None:
        self.ports.append(port)
        listens_at(port.getHost())
        super().listen_success(port)

    def open_sockets(self) -> list[Any]:
        return [
            protocol
            for protocol in self.connections
            if isinstance(protocol, BoundedSocket) and protocol.state == protocol.STATE_OPEN
        ]

    def at_work(self) -> tuple[int, int]:
        """How many sockets' consumers and how many requests have not ended."""
        working = [one for one, details in self.connections.items() if is_running(details)]
        sockets = sum(isinstance(one, BoundedSocket) for one in working)
        return sockets, len(working) - sockets

    def kill_all_applications(self) -> Any:
        """As daphne's, which fails where a connection has no application (yet, or any more)."""
        running = [details["application_instance"] for details in self.connections.values() if is_running(details)]
        for task in running:
            task.cancel()
        return defer.Deferred.fromFuture(asyncio.gather(*running, return_exceptions=True))


def is_running(details: dict[str, Any]) -> bool:
    task = details.get("application_instance")
    return task is not None and not task.done()


class Runner:
    """Serves until SIGTERM or SIGINT; a second signal ends it at once."""

    def __init__(self, application: Any, host: str, port: int, desk: Desk | None) -> None:
        self.desk = desk
        self.stopping = asyncio.Event()
        self.tasks: list[asyncio.Task[Any]] = []
        self.trimming: asyncio.Task[None] | None = None  # none of those that are waited for
        bound_daphne()
        self.server = DeskServer(
            application=tell_draining(application, self.stopping.is_set),
            endpoints=[f"{end}:backlog=4096" for end in build_endpoint_description_strings(host=host, port=port)],
            signal_handlers=False,
            server_name="",
            ping_interval=settings.WS_PING_INTERVAL / 1000,
            ping_timeout=settings.WS_PING_TIMEOUT / 1000,
            http_timeout=60,
            application_close_timeout=5,
            websocket_timeout=-1,  # a socket ends with its session; daphne would count by a clock that may jump
            websocket_max_message_size=MAX_MESSAGE,
            websocket_max_frame_size=MAX_MESSAGE,
        )

    def run(self) -> None:
        share_one_heap()
        give_back_large_blocks()
        read_what_was_reset()
        sys.setswitchinterval(SWITCH_SECONDS)
        reactor.callWhenRunning(self.started)
        atexit.register(finish_tasks)
        self.server.run()

    def started(self) -> None:
        loop = asyncio.get_event_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.asked_to_stop)
        self.tasks.append(loop.create_task(self.warm()))
        self.trimming = loop.create_task(give_back_holes())

    async def warm(self) -> None:
        """What is there by now stays: a full collection looks at what came since alone, and comes the sooner for it.
        A socket that has closed is cyclic garbage until one."""
        running_hub()
        gc.collect()
        gc.freeze()
        if self.desk is not None:
            await self.desk(self.stopping)

    def asked_to_stop(self) -> None:
        if self.stopping.is_set():
            end_within(1.0)
            reactor.stop()
            return
        self.stopping.set()
        listens_at(None)
        end_within(BACKSTOP)
        self.tasks.append(asyncio.get_event_loop().create_task(self.finish()))

    async def finish(self) -> None:
        """Lets the pages, the requests and the desk come to their end."""
        await together.leave()
        desk = [task for task in self.tasks if task is not asyncio.current_task()]
        await drain(self.server, reactor)
        if desk:
            await asyncio.wait(desk, timeout=DESK_ENDS)
        await stop_hub()
        reactor.stop()


def finish_tasks() -> None:
    """CPython before 3.11.8 may crash at exit while collecting tasks that never finished (python/cpython#113566)."""
    loop = reactor._asyncioEventloop
    if loop.is_closed() or loop.is_running():
        return
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=2))
