"""Large blocks are the system's again as soon as they are freed, instead of holes in the heap."""

from __future__ import annotations

import ctypes

LARGE = 80 << 10  # bytes; Twisted reads 64 KiB at once, and that should cost no call of the system
M_MMAP_THRESHOLD = -3  # mallopt(3)


def give_back_large_blocks() -> None:
    """glibc takes what is large from the system, but each such block that is freed raises what it calls large, up to
    32 MiB. Then a list of a hundred orders, of 120 kB, lies among small objects, and the next one fits no hole: a web
    process of the soak held 182 MB after eight minutes, and 176 so. Another C library goes on as it does."""
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:
        tell(M_MMAP_THRESHOLD, LARGE)
