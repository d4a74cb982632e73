"""Processor time (s, user and system) of a process or of a whole PostgreSQL, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PARENT, OWN, OF_ENDED = 1, slice(11, 13), slice(13, 15)


def stat(pid: int | str) -> list[int]:
    """Its fields from the parent's id on; behind the name, which may hold anything."""
    after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [0, *map(int, after[1:])]


def consumed(pid: int) -> float:
    return sum(stat(pid)[OWN]) / TICKS_A_SECOND


def consumed_by_children(pid: int) -> float:
    """Of the process with all that it has started, those that have ended too."""
    total = sum(stat(pid)[OWN]) + sum(stat(pid)[OF_ENDED])
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                fields = stat(each.name)
            except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                continue
            total += sum(fields[OWN]) if fields[PARENT] == pid else 0
    return total / TICKS_A_SECOND


def server_of(database: str) -> int:
    """The process that has started every other of that PostgreSQL."""
    with psycopg.connect(database) as connection:
        return stat(connection.info.backend_pid)[PARENT]
