"""`manage.py serve` whose garbage is never collected; says in a file, ten times a second, how many sockets it has.

What fails inside Twisted, of which nobody hears, is in its log.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from itertools import chain, starmap
from pathlib import Path
from typing import Any

from django.core.management import execute_from_command_line
from twisted.python import log

HELD = "sockets-held"


def kinds() -> list[type]:
    """The type of every object. No other thread runs meanwhile, for a tuple that is just being made and is held here
    too cannot be finished (SystemError): the objects are never in the hands of Python's own code.
    """
    return list(map(type, chain.from_iterable(starmap(gc.get_objects, [()]))))


def tell(path: Path) -> None:
    while True:
        time.sleep(0.1)
        held = sum(kind.__name__ == "BoundedSocket" for kind in kinds())
        path.with_suffix(".new").write_text(f"{held}\n")
        path.with_suffix(".new").replace(path)


def show_failure(event: dict[str, Any]) -> None:
    if event.get("isError"):
        sys.stderr.write(f"Unhandled: {log.textFromEventDict(event)}\n")


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    gc.disable()
    log.addObserver(show_failure)
    threading.Thread(target=tell, args=(Path(os.environ["VAR_DIR"]) / HELD,), daemon=True).start()
    execute_from_command_line(sys.argv)
