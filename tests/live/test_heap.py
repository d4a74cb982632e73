"""A list of a hundred orders leaves no hole in the heap, and the holes that small things leave are given back."""

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


HEAPS = """
import ctypes
from threading import Barrier, Thread
from config.heap import share_one_heap

if {shared}:
    share_one_heap()
at_once = Barrier(6)

def allocate():
    at_once.wait()
    bytearray(9000)
    at_once.wait()

threads = [Thread(target=allocate) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="by glibc's own figures")
@pytest.mark.parametrize(("shared", "heaps"), [(True, 1), (False, 7)])
def test_threads_share_one_heap(shared: bool, heaps: int) -> None:
    program = HEAPS.replace("{shared}", str(shared))

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.count("<heap nr=") == heaps


HOLES = """
import asyncio
from config.heap import give_back_holes

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4

async def main():
    kept = [bytearray(9000) for _ in range(5000)]
    full = resident()
    del kept[::2], kept[::2]
    holes = resident()
    trimming = asyncio.create_task(give_back_holes(0.01))
    while resident() > full - 25_000:
        await asyncio.sleep(0.01)
    print(full - holes)

asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="by glibc's own figures")
def test_holes_are_given_back_before_anything_above_them_is() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], check=True, capture_output=True, text=True, timeout=60)

    assert int(done.stdout) < 2000  # kB that were given back without it
