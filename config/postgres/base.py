"""Django's PostgreSQL with idle connections kept for the next one who needs one, which a crash cannot poison.

psycopg's own pool connects again in the background, later and later (1, 2, 4 … s), while requests wait for it: after a
restart of PostgreSQL the first two failed, 5 s each (measured). Here whoever needs a connection makes it, and one that
is found dead takes all idle ones with it: the first request after a restart takes what connecting takes.
"""

from __future__ import annotations

import select
import threading
import time
from collections import defaultdict, deque
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Error, OperationalError
from psycopg.pq import TransactionStatus

MOST = 16  # as many again as requests may have at once (config.answering): the desk and the pages never wait for them
WAIT_SECONDS = 5.0
IDLE_SECONDS = 300.0


class Idle:
    """The connections that nobody uses just now, the last used on top, and seats for those in use."""

    def __init__(self) -> None:
        self.seats = threading.BoundedSemaphore(MOST)
        self.lock = threading.Lock()
        self.rows: deque[tuple[float, Connection[Any]]] = deque()

    def sit(self) -> None:
        if not self.seats.acquire(timeout=WAIT_SECONDS):
            raise OperationalError(f"all {MOST} connections of this process were in use for {WAIT_SECONDS:g} s")

    def take(self) -> Connection[Any] | None:
        """One that still stands; where one has fallen all have."""
        with self.lock:
            connection = self.rows.pop()[1] if self.rows else None
        if connection is None or stands(connection):
            return connection
        connection.close()
        self.clear()
        return None

    def give(self, connection: Connection[Any]) -> None:
        """Keeps it for the next; closes it if it is of no more use, and those that nobody has needed for long."""
        now = time.monotonic()
        useful = tidy(connection)
        with self.lock:
            if useful:
                self.rows.append((now, connection))
            old = [self.rows.popleft()[1] for since, _ in tuple(self.rows) if now - since > IDLE_SECONDS]
        for one in old if useful else [*old, connection]:
            one.close()

    def clear(self) -> None:
        with self.lock:
            fallen, self.rows = self.rows, deque()
        for _, connection in fallen:
            connection.close()


def stands(connection: Connection[Any]) -> bool:
    """An idle line on which something arrives is one that the server is ending. Costs no round trip."""
    if connection.closed:
        return False
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    return not line.poll(0)


def tidy(connection: Connection[Any]) -> bool:
    """Ends a transaction that was left open; says whether the connection can be used again."""
    try:
        if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
            connection.rollback()
    except Error:
        return False
    return not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE


class DatabaseWrapper(base.DatabaseWrapper):
    idle: dict[str, Idle] = defaultdict(Idle)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        idle = self.idle[self.alias]
        idle.sit()
        try:
            return idle.take() or super().get_new_connection(conn_params)
        except BaseException:
            idle.seats.release()
            raise

    def _close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is None:
            return
        try:
            self.idle[self.alias].give(connection)
        finally:
            self.idle[self.alias].seats.release()

    def close_pool(self) -> None:
        self.idle[self.alias].clear()
