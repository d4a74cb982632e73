"""How much longer than promised a thing may take in a test.

Test processes share their cores with each other, with all that they start, and with whoever else uses the machine:
seconds measured there say little. `make test` therefore holds a promise to PATIENCE times its figure, and prints what
it measured; PATIENCE=1 holds it to the letter, on a quiet machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

PATIENCE = float(os.environ.get("PATIENCE", "3"))


def at_most(promised: float) -> float:
    """Seconds that may pass in this run where so many are promised."""
    return promised * PATIENCE


def processor_seconds(work: Callable[[], Any], tries: int = 3) -> float:
    """The best of several: what the machine gave to others meanwhile is not the desk's."""
    took = []
    for _ in range(tries):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return min(took)
