"""What comes in is bounded: a message's size, how many wait unread, and the body of a request.

daphne reads a body to its end before anything can refuse it, and takes messages faster than they are read. Its own
classes are named by module globals and class attributes, which is where these take their place.
"""

from __future__ import annotations

from typing import Any

from daphne import http_protocol
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketFactory
from django.conf import settings
from twisted.internet import reactor as installed_reactor

from apps.live.codes import OVERSIZE
from config.bodies import MOST_BODY, TOO_LARGE
from config.lean import Inbox, LeanSocket, lean_autobahn

reactor: Any = installed_reactor
MOST_UNREAD = 32
LINGER_SECONDS = 1.0  # what is still sent is thrown away for so long: a reset at once would destroy the answer


def has_unsent(transport: Any) -> bool:
    """Whether something written waits for the peer."""
    return bool(getattr(transport, "dataBuffer", b"") or getattr(transport, "_tempDataBuffer", []))


def throw_away(data: bytes) -> None:
    """Takes the place of a connection's `dataReceived`."""


def do_nothing() -> None:
    """Nobody reads from a connection that is lost."""


class BoundedSocket(LeanSocket):
    """Stops reading while its consumer is behind; ends with 4413 where a message is too large, and with 4400 where
    what comes is no message at all."""

    failedByMe: bool
    message_data_total_length: int
    paused = False
    sent_away = False

    def onMessageFrameBegin(self, length: int) -> None:
        size = self.message_data_total_length + length
        if size > settings.WS_MAX_MESSAGE and not self.failedByMe:
            self.failedByMe = True  # the rest is thrown away as it comes
            self.serverClose(code=OVERSIZE.close)
        if size > MOST_BODY:
            self.dataReceived = throw_away  # not even unmasked; nor is the answer to the close, which times out
        super().onMessageFrameBegin(length)

    def _invalid_payload(self, reason: str) -> bool:
        """Text that is no UTF-8. autobahn would drop the line without a code."""
        self.hand_on_as_malformed()
        return False  # what comes is skipped, and the answer to the close is still read

    def _protocol_violation(self, reason: str) -> bool:
        """After it nobody knows where a frame begins, not even that which answers the close: it times out."""
        self.hand_on_as_malformed()
        self.dataReceived = throw_away
        return True

    def hand_on_as_malformed(self) -> None:
        """As bytes, which no page may send: its consumer says so and counts it, as of any other such message."""
        if not self.failedByMe:
            self.failedByMe = True
            self.onMessage(b"", True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        super().onMessage(payload, isBinary)
        if not self.paused and self.application_queue.qsize() >= MOST_UNREAD:
            self.paused = True
            self.transport.pauseProducing()

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """Of a handshake that was refused before anybody heard of it daphne knows nothing, and would fail."""
        if "server" in vars(self):
            super().onClose(wasClean, code, reason)

    def onPing(self, payload: bytes) -> None:
        """Of pings that come faster than their answers are taken, the last ones get none (RFC 6455, 5.5.3)."""
        if not has_unsent(self.transport):
            super().onPing(payload)

    def connectionLost(self, reason: Any) -> None:
        """Lets go of what holds it in turn: cyclic garbage lies for long, and memory that is piled up is not given
        back. Nor does it hold what was never read."""
        super().connectionLost(reason)
        self.data = b""
        self.message_data: list[bytes] = []
        self.is_closed = None  # autobahn's, with this socket as its result
        inbox = getattr(self, "application_queue", None)  # none where no consumer could be made
        if isinstance(inbox, Inbox):
            inbox.taken = do_nothing

    def message_read(self) -> None:
        """The consumer took a message off the queue."""
        if self.paused and self.application_queue.qsize() < MOST_UNREAD // 2:
            self.paused = False
            self.transport.resumeProducing()


class BoundedRequest(WebRequest):  # type: ignore[misc]
    """Answers 413 as soon as it is known that a body is too large, and reads no more of it."""

    received = 0
    refused = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Forms are for Django to read; Twisted would read each one before it."""
        super().__init__(*args, **kwargs, parsePOSTFormSubmission=False)

    def gotLength(self, length: int | None) -> None:
        super().gotLength(None if length is None else min(length, MOST_BODY))
        if length is not None and length > MOST_BODY:
            self.refuse()

    def handleContentChunk(self, data: bytes) -> None:
        if self.refused:
            return
        self.received += len(data)
        if self.received > MOST_BODY:
            self.refuse()
        else:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if not self.refused:
            super().requestReceived(command, path, version)

    def refuse(self) -> None:
        self.refused = True
        self.requestHeaders.removeHeader(b"expect")  # or "100 Continue" would follow
        head = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: text/plain\r\n"
        self.channel.transport.write(head + b"Content-Length: %d\r\n\r\n" % len(TOO_LARGE) + TOO_LARGE.encode())
        self.channel.dataReceived = throw_away
        reactor.callLater(LINGER_SECONDS, self.channel.transport.abortConnection)


def bound_daphne() -> None:
    http_protocol.WebRequest = BoundedRequest
    WebSocketFactory.protocol = BoundedSocket
    lean_autobahn()
