"""What the heap holds and nothing uses is given back to the system."""

from __future__ import annotations

import asyncio
import ctypes

from twisted.internet import tcp

LARGE = 32 << 10  # bytes
READ = 16 << 10  # bytes taken from a socket at once; Twisted's own 64 KiB would be a large block at each read
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # mallopt(3)
TRIM_SECONDS = 60.0


def library() -> ctypes.CDLL | None:
    """The C library, where it is one that can be told: glibc."""
    found = ctypes.CDLL(None)
    return found if hasattr(found, "malloc_trim") else None


def give_back_large_blocks() -> None:
    """glibc takes what is large from the system, but each such block that is freed raises what it calls large, up to
    32 MiB. Then a list of a hundred orders, of 120 kB, lies among small objects, and the next one fits no hole."""
    tcp.Connection.bufferSize = READ
    if glibc := library():
        glibc.mallopt(M_MMAP_THRESHOLD, LARGE)


def share_one_heap() -> None:
    """Threads have heaps of their own, and what one has freed there no other takes: 9 MB soon after a start, and 2 MB
    more every ten minutes that pages come and go. They need no lock of their own, for Python's lets one at a time run.
    Of threads that are there already it is true once they have ended."""
    if glibc := library():
        glibc.mallopt(M_ARENA_MAX, 1)


async def give_back_holes(every: float = TRIM_SECONDS) -> None:
    """Now and then the pages of all holes, which glibc keeps for ever wherever something above them is in use: by
    chance there are ever more, a megabyte in some minutes. It takes one to three milliseconds."""
    if glibc := library():
        while True:
            await asyncio.sleep(every)
            glibc.malloc_trim(0)
