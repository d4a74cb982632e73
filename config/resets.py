"""A line that its peer has reset is read to its end at once, for uvloop says so once only.

When a socket has an error, libuv stops to watch it (`uv__poll_io`), and uvloop runs its reader a last time. Twisted
reads once a turn: what it gets may be data that came before the reset, and then nobody would ever tell it of the rest.
The line, its consumer and its file would stay for ever.
"""

from __future__ import annotations

import select
from typing import Any

from twisted.internet import reactor as installed_reactor
from twisted.internet import tcp

reactor: Any = installed_reactor
read_once = tcp.Connection.doRead


def has_failed(connection: tcp.Connection) -> bool:
    """Whether the peer is gone, though there may still be something to read."""
    look = select.poll()
    look.register(connection.fileno(), 0)
    return bool(look.poll(0))


def read(connection: tcp.Connection) -> Any:
    """Why the connection is lost, or None. One that does not want to read now is told again when it does."""
    why = read_once(connection)
    while why is None and connection in reactor._readers and has_failed(connection):
        why = read_once(connection)
    return why


def read_what_was_reset() -> None:
    tcp.Connection.doRead = read  # type: ignore[assignment, method-assign]
