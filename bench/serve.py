"""`serve --with-desk` as it is, noting beside it what the feed gave and, if asked, what sockets ask of the database;
or, to be held against that, the same without its instruments.

`python -m bench.serve --port N`; the notes are files in VAR_DIR.
"""

from __future__ import annotations

import atexit
import collections
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import django
from django.core.management import execute_from_command_line
from prometheus_client import Counter, Gauge, Histogram

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

    counts: collections.Counter[str] = collections.Counter()

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


def nothing(*args: Any, **kwargs: Any) -> None:
    """In the place of what counts."""


def mute() -> None:
    """Counters, gauges and histograms take nothing and look up no label; no lateness is kept, no line of the log made.

    What is left of an instrument is the call that does nothing, and the plain sum of frames (`Tally`): a little more
    than none at all, so that the share which this shows is a little too small.
    """
    from apps.telemetry import slow  # noqa: PLC0415 -- with the rest of the product
    from apps.telemetry.errors import Errors  # noqa: PLC0415 -- with the rest of the product
    from apps.telemetry.recent import Recent  # noqa: PLC0415 -- with the rest of the product

    for kind, verbs in ((Counter, ("inc",)), (Gauge, ("inc", "dec", "set")), (Histogram, ("observe",))):
        for verb in verbs:
            setattr(kind, verb, nothing)
        kind.labels = lambda self, *values, **named: self  # type: ignore[method-assign]
    Recent.observe = slow.deferred = slow.told = Errors.add = nothing  # type: ignore[assignment, method-assign]
    logging.disable(logging.CRITICAL)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    var = os.environ["VAR_DIR"]
    note_ticks(f"{var}/{TICKS}")
    if os.environ.get("BENCH_QUERIES"):
        note_queries(f"{var}/{QUERIES}")
    if os.environ.get("BENCH_MUTE"):
        mute()
    execute_from_command_line(["manage.py", "serve", "--with-desk", *sys.argv[1:]])


if __name__ == "__main__":
    main()
