"""How much longer than promised a thing may take in a test.

Test processes share their cores with each other, with all that they start, and with whoever else uses the machine:
seconds measured there say little. `make test` therefore holds a promise to PATIENCE times its figure, and prints what
it measured; PATIENCE=1 holds it to the letter, on a quiet machine.
"""

from __future__ import annotations

import os

PATIENCE = float(os.environ.get("PATIENCE", "3"))


def at_most(promised: float) -> float:
    """Seconds that may pass in this run where so many are promised."""
    return promised * PATIENCE
