"""Processes that are let go together. Django is there once, and each is forked from that: what a process costs to
start is what it takes to connect to the database."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from django.db import connection, connections


class Forks:
    """So many children of this process, each with a connection of its own, that wait at `work(number)`."""

    def __init__(self, count: int, work: Callable[[int], None]) -> None:
        connections.close_all()
        if connection.vendor == "postgresql":
            connection.close_pool()  # an idle line would be every child's
        self.hears, ready = os.pipe()
        waits, self.holds = os.pipe()
        self.children = [self.fork(number, work, ready, waits) for number in range(count)]
        os.close(ready)
        os.close(waits)
        if any(not os.read(self.hears, 1) for _ in self.children):
            raise RuntimeError("a process ended before it was let go")

    def fork(self, number: int, work: Callable[[int], None], ready: int, waits: int) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            os.close(self.holds)
            for each in connections.all():
                each.ensure_connection()
            os.write(ready, b".")
            os.close(ready)
            os.read(waits, 1)  # nothing is ever said: it ends for all at once
            work(number)
            connections.close_all()
            sys.stdout.flush()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    def go(self) -> None:
        """Lets them go and waits until all have ended well."""
        os.close(self.holds)
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in self.children]
        if any(ended):
            raise RuntimeError(f"they ended with {ended}")
