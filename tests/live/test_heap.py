"""A list of a hundred orders leaves no hole in the heap when the next one takes its place."""

from __future__ import annotations

import subprocess
import sys

import pytest

from config.heap import LARGE

PROGRAM = """
import ctypes
from config.heap import give_back_large_blocks

class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Heap
if {given}:
    give_back_large_blocks()
for size in (1 << 20, 120_000):
    bytes(bytearray(size))  # freed again: from now on that is not large, unless it was said what is
before = libc.mallinfo2().hblks
kept = [bytearray({large} + {more}) for _ in range(40)]
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="by glibc's own figures")
@pytest.mark.parametrize(
    ("given", "more", "least", "most"), [(True, 4096, 30, 40), (True, -4096, 0, 0), (False, 4096, 0, 0)]
)
def test_large_blocks_are_apart_from_the_heap(given: bool, more: int, least: int, most: int) -> None:
    """But for those that fit what the start of the process has left free."""
    program = PROGRAM.replace("{given}", str(given)).replace("{large}", str(LARGE)).replace("{more}", str(more))

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert least <= int(done.stdout) <= most
