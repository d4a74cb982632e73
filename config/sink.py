"""Prepared frames: what pages show is drawn and encoded once for all. Put together for one of them it is given its
head here, a few bytes, and written straight to its socket, or refused when that is full.

Twisted registers and unregisters a writer for each write and buffers without bound; both cost more than all the
rest of a push. This uses private parts of Twisted and autobahn (both pinned) and has a test that blocks a socket.

Between one frame and the next the kernel has had the processor's cache, and each object that is looked at for a frame
comes back from memory. So a write looks at few: whether a socket is open is told to its sink when it changes, and
whether Twisted has something to write to it, before which nothing may go, stands in one table, nearly always empty.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet import tcp

OPEN, CLOSED = WebSocketProtocol.STATE_OPEN, WebSocketProtocol.STATE_CLOSED

pack_head = struct.Struct("!BBH").pack
NOTSENT_LOWAT = 32 * 1024
SEND_BUFFER = 64 * 1024


def framed(payload: bytes) -> bytes:
    """A final, unmasked text frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if 126 <= size < 65536:
        return pack_head(0x81, 126, size) + payload
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


class Sink:
    """The way to one socket. It holds at most the unsent rest of one frame."""

    __slots__ = ("protocol", "send", "transport", "writing")

    def __init__(self, protocol: Any, writing: Mapping[Any, Any]) -> None:
        """`writing` has the transports that Twisted writes to as soon as it can."""
        self.protocol: Any = protocol
        self.transport: Any = None
        self.writing = writing
        self.send: Callable[[bytes], int] | None = None
        protocol.sink = self

    def turned(self, state: int) -> None:
        """The socket has come into this state."""
        self.send = None
        if state == OPEN:
            transport = self.transport = self.protocol.transport
            if isinstance(transport, tcp.Connection) and not getattr(transport, "TLS", False):
                self.send = tuned(transport.socket).send
        elif state == CLOSED:
            self.transport = self.protocol = None

    def write(self, payload: bytes) -> bool:
        """True: taken whole. False: the peer is behind or gone, and got nothing of it."""
        send = self.send
        if send is None:
            return self.write_by_twisted(payload)
        if self.writing and self.transport in self.writing:
            return False
        frame = framed(payload)
        try:
            sent = send(frame)
        except OSError:  # full, or broken: then Twisted meets the same error at its next read and closes
            return False
        if sent < len(frame):
            self.transport.write(frame[sent:])
        return True

    def write_by_twisted(self, payload: bytes) -> bool:
        """Where bytes are not the socket's own: TLS."""
        if self.protocol is None or self.protocol.state != OPEN:
            return False
        self.transport.write(framed(payload))
        return True


def tuned(connection: socket.socket) -> socket.socket:
    """Keeps the kernel from hoarding old frames for a page that does not read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)
    return connection
