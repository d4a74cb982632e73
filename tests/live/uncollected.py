"""`manage.py serve` whose garbage is never collected; says in a file, ten times a second, how many sockets it has.

What fails inside Twisted, of which nobody hears, is in its log. To look at all objects may break a tuple that is just
being made (SystemError): that is no fault of the product's.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.core.management import execute_from_command_line
from twisted.python import log

HELD = "sockets-held"


def tell(path: Path) -> None:
    while True:
        time.sleep(0.1)
        held = sum(type(each).__name__ == "BoundedSocket" for each in gc.get_objects())
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
