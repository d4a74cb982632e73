"""How much of a request's body is read, whatever server reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

MOST_BODY = 1 << 20
TOO_LARGE = "Too large: a request may hold 1 MiB at most. Nothing was changed.\n"

Receive = Callable[[], Awaitable[Any]]


class BodyTooLarge(Exception):
    pass


def bounded(receive: Receive) -> Receive:
    """The same for one request; raises BodyTooLarge when more has come. `serve` itself refuses it sooner."""
    received = 0

    async def receive_some() -> Any:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MOST_BODY:
            raise BodyTooLarge
        return message

    return receive_some
