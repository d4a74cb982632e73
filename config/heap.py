"""Large blocks are the system's again as soon as they are freed, instead of holes in the heap."""

from __future__ import annotations

import ctypes

from twisted.internet import tcp

LARGE = 32 << 10  # bytes
READ = 16 << 10  # bytes taken from a socket at once; Twisted's own 64 KiB would be a large block at each read
M_MMAP_THRESHOLD = -3  # mallopt(3)


def give_back_large_blocks() -> None:
    """glibc takes what is large from the system, but each such block that is freed raises what it calls large, up to
    32 MiB. Then a list of a hundred orders, of 120 kB, lies among small objects, and the next one fits no hole."""
    tcp.Connection.bufferSize = READ
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:  # another C library goes on as it does
        tell(M_MMAP_THRESHOLD, LARGE)
