"""`serve --with-desk` as it is, noting beside it what the feed gave and, if asked, what sockets ask of the database.

`python -m bench.serve --port N`; the notes are files in VAR_DIR.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import django
from django.core.management import execute_from_command_line

TICKS, QUERIES = "bench-ticks", "bench-queries.json"
READERS = "live-db"  # the threads that read for sockets


def note_ticks(path: str) -> None:
    """A line a batch: when the feed made it (µs), and of how many quotes."""
    from apps.live.moments import micros  # noqa: PLC0415 -- slow import: needs django.setup
    from apps.trades.engine import Desk  # noqa: PLC0415 -- slow import: needs django.setup

    take = Desk.take
    file = open(path, "w", buffering=1)  # noqa: SIM115 -- as long as the process

    def noted(self: Desk, batch: list[Any]) -> None:
        take(self, batch)
        file.write(f"{micros(batch[0].received_at)} {len(batch)}\n")

    Desk.take = noted  # type: ignore[method-assign]


def note_queries(path: str) -> None:
    """How often each statement was run on the readers' threads."""
    from django.db.backends.signals import connection_created  # noqa: PLC0415 -- slow import: needs django.setup

    counts: Counter[str] = Counter()

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if threading.current_thread().name.startswith(READERS):
            counts[sql] += 1
        return execute(sql, params, many, context)

    def wrap(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(count)

    connection_created.connect(wrap, weak=False)

    def write() -> None:
        with open(path, "w") as file:
            json.dump(dict(counts.most_common()), file)

    atexit.register(write)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    var = os.environ["VAR_DIR"]
    note_ticks(f"{var}/{TICKS}")
    if os.environ.get("BENCH_QUERIES"):
        note_queries(f"{var}/{QUERIES}")
    execute_from_command_line(["manage.py", "serve", "--with-desk", *sys.argv[1:]])


if __name__ == "__main__":
    main()
