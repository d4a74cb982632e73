"""Prepared frames: a payload is framed once and written straight to a socket, or refused when that is full.

Twisted registers and unregisters a writer for each write and buffers without bound; both cost more than all the
rest of a push. This uses private parts of Twisted and autobahn (both pinned) and has a test that blocks a socket.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet import tcp

OPEN = WebSocketProtocol.STATE_OPEN

pack_head = struct.Struct("!BBH").pack
NOTSENT_LOWAT = 32 * 1024
SEND_BUFFER = 64 * 1024


def framed(payload: bytes) -> bytes:
    """A final, unmasked text frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    if size < 65536:
        return pack_head(0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


class Sink:
    """The way to one socket. It holds at most the unsent rest of one frame."""

    __slots__ = ("plain", "protocol", "send")

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.plain = isinstance(protocol.transport, tcp.Connection) and not getattr(protocol.transport, "TLS", False)
        self.send: Callable[[bytes], int] | None = None

    def tuned(self, connection: socket.socket) -> Callable[[bytes], int]:
        """Keeps the kernel from hoarding old frames for a page that does not read."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT)
        self.send = connection.send
        return self.send

    def write(self, payload: bytes) -> bool:
        """True: taken whole. False: the peer is behind or gone, and got nothing of it."""
        protocol = self.protocol
        if protocol.state != OPEN or protocol.send_queue:
            return False
        transport = protocol.transport
        if not self.plain:
            transport.write(framed(payload))
            return True
        if transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting or not transport.connected:
            return False
        frame = framed(payload)
        try:
            sent = (self.send or self.tuned(transport.socket))(frame)
        except OSError:  # full, or broken: then Twisted meets the same error at its next read and closes
            return False
        if sent < len(frame):
            transport.write(frame[sent:])
        return True
