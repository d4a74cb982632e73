"""Ports for the servers that tests start."""

from __future__ import annotations

import os
import random
import socket

FIRST, LAST = 12_000, 32_000  # below those that the kernel gives to clients (Linux: 32768 and up)
_given: set[int] = set()


def free_port() -> int:
    """A port that no client can be given while its server is down, and no other test process takes.

    A port that the kernel chose (bind to 0) may be a client's before the server is there, or between its restarts; a
    client that tries again and again may even be connected to itself.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        port = random.randrange(FIRST, LAST) // workers * workers + worker
        if port in _given:
            continue
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
        _given.add(port)
        return port
