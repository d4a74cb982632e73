"""A socket without what only its handshake needed, and a queue that costs next to nothing while it is empty.

Of a thousand idle sockets nearly half the memory would be that. The names are private parts of autobahn, Twisted and
daphne (all pinned); a test counts what an idle socket keeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from autobahn.websocket import protocol as autobahn_protocol
from daphne.ws_protocol import WebSocketProtocol

from config.sink import Sink

HANDSHAKE_ONLY = {
    "_raw_query_string",
    "_transport_details",
    "_wskey",
    "application_deferred",
    "clean_headers",
    "http_headers",
    "http_request_data",
    "http_request_params",
    "http_request_uri",
    "http_response_data",
    "http_status_line",
}


class LeanSocket(WebSocketProtocol):  # type: ignore[misc]
    sink: Sink | None = None

    @property
    def state(self) -> int:
        return self._state

    @state.setter
    def state(self, state: int) -> None:
        """Whoever changes it: autobahn does so in seven places."""
        self._state = state
        if self.sink is not None:
            self.sink.turned(state)

    def _connectionMade(self) -> None:
        if "logOctets" not in vars(LeanSocket):  # the same for all sockets: else each gets a copy of every setting
            for name in self.CONFIG_ATTRS:
                value = getattr(self.factory, name)
                setattr(LeanSocket, name, staticmethod(value) if callable(value) else value)
        super()._connectionMade()

    def onOpen(self) -> None:
        super().onOpen()
        self.request.headers, self.request.params = {}, {}
        self.transport.unregisterProducer()  # the channel of HTTP, and with it the request
        self.__dict__ = {name: value for name, value in vars(self).items() if name not in HANDSHAKE_ONLY}


class Inbox:
    """What a socket's consumer has not read yet, for one reader; an empty asyncio.Queue takes 3 kB."""

    __slots__ = ("messages", "reader", "taken")

    def __init__(self, taken: Callable[[], None]) -> None:
        """`taken` is called after each message that was read."""
        self.messages: list[Any] = []
        self.reader: asyncio.Future[None] | None = None
        self.taken = taken

    def put_nowait(self, message: Any) -> None:
        self.messages.append(message)
        if self.reader is not None and not self.reader.done():
            self.reader.set_result(None)

    def qsize(self) -> int:
        return len(self.messages)

    async def get(self) -> Any:
        while not self.messages:
            self.reader = asyncio.get_running_loop().create_future()
            await self.reader
        self.reader = None
        message = self.messages.pop(0)
        self.taken()
        return message


def lean_autobahn() -> None:
    """autobahn lays out every setting for its debug log at each connection, whether or not anybody reads that."""
    vars(autobahn_protocol)["pformat"] = repr
