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
kept = [bytearray(size) for size in ({large} + 4096, 120_000, {large} - 4096)]
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="by glibc's own figures")
@pytest.mark.parametrize(("given", "apart"), [(True, 2), (False, 0)])
def test_large_blocks_are_apart_from_the_heap(given: bool, apart: int) -> None:
    program = PROGRAM.replace("{given}", str(given)).replace("{large}", str(LARGE))

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert int(done.stdout) == apart
