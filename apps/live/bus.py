"""Carries hints and quotes to whoever listens in this process, and through Redis in the others.

A message may be lost, doubled or late and nothing breaks: a ring only says "look at this stream", and who
listens also looks by itself once a second; of a quote only the newest counts.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

from apps import telemetry

log = logging.getLogger(__name__)

Listener = Callable[[Any], None]
RINGS = "rings"


class Remote(Protocol):
    """The other processes."""

    def send(self, channel: str, message: Any) -> None: ...

    def unheard(self) -> bool: ...


class Bus:
    """Listeners run on the attached event loop; `publish` and `ring` may be called from any thread and never raise."""

    def __init__(self) -> None:
        self.listeners: dict[str, list[Listener]] = defaultdict(list)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread: int | None = None
        self.remote: Remote | None = None
        self.link: Callable[[asyncio.AbstractEventLoop], Remote] | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Names the loop (of the calling thread) that listeners run on; with Redis, also joins the others."""
        if self.loop is loop:
            return
        self.loop, self.thread = loop, threading.get_ident()
        self.remote = self.link(loop) if self.link is not None else None

    def subscribe(self, channel: str, listener: Listener) -> None:
        if listener not in self.listeners[channel]:
            self.listeners[channel].append(listener)

    def unsubscribe(self, channel: str, listener: Listener) -> None:
        if listener in self.listeners[channel]:
            self.listeners[channel].remove(listener)

    def publish(self, channel: str, message: Any, pack: Callable[[Any], Any] | None = None) -> None:
        """Hands the message over here at once (on the loop) and sends it, packed, to the other processes if any."""
        self.deliver_soon(channel, message)
        if self.remote is not None:
            self.remote.send(channel, message if pack is None else pack(message))

    def alone(self) -> bool:
        """There is no other process."""
        return self.remote is None

    def unheard(self) -> bool:
        """Whether what was published in the last seconds may not have reached others, as far as is known here."""
        return self.remote is not None and self.remote.unheard()

    def ring(self, stream: str) -> None:
        """Says that a stream has news."""
        self.publish(RINGS, stream)

    def on_ring(self, stream: str, listener: Callable[[], None]) -> None:
        """Calls the listener whenever this stream has news."""
        self.subscribe(RINGS, lambda name: listener() if name == stream else None)

    def deliver_soon(self, channel: str, message: Any) -> None:
        loop = self.loop
        if loop is None or loop.is_closed():
            return
        if threading.get_ident() == self.thread:
            self.deliver(channel, message)
        else:
            try:
                loop.call_soon_threadsafe(self.deliver, channel, message)
            except RuntimeError:  # the loop closed between the check and the call: nobody listens any more
                return

    def deliver(self, channel: str, message: Any) -> None:
        for listener in tuple(self.listeners[channel]):
            try:
                listener(message)
            except Exception:
                telemetry.faults.labels("bus").inc()
                log.exception("a listener of %s failed", channel)


_bus = Bus()
attach = _bus.attach
subscribe = _bus.subscribe
unsubscribe = _bus.unsubscribe
publish = _bus.publish
alone = _bus.alone
unheard = _bus.unheard
ring = _bus.ring
on_ring = _bus.on_ring


def link_with(link: Callable[[asyncio.AbstractEventLoop], Remote]) -> None:
    """Names what joins the loop's process to the others; without it the process is alone."""
    _bus.link = link


def hear(channel: str, message: Any) -> None:
    """Hands over what another process published."""
    _bus.deliver(channel, message)
