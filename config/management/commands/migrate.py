"""`manage.py migrate`, as Django has it, but nobody who trades waits long for it or is ended by it."""

from __future__ import annotations

import random
import time
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import DeadlockDetected, LockNotAvailable

WAITS_MS = 100
"""With the time it has held locks meanwhile less than PostgreSQL's deadlock_timeout (1 s): of two that wait for each
other this one gives way."""
TRIES = 50
PAUSE_S = (0.2, 1.0)


class Command(migrate.Command):
    """A migration that meets orders on their way is undone and tried again; each is whole or not at all."""

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        if connections[alias].vendor != "postgresql":
            super().handle(*args, **options)
            return
        for tries in range(1, TRIES + 1):
            say(alias, f"SET lock_timeout = {WAITS_MS}")
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if tries == TRIES or not isinstance(error.__cause__, DeadlockDetected | LockNotAvailable):
                    raise
                begin_anew(alias)
                self.stdout.write(f" gives way to who trades, try {tries} of {TRIES}")
                time.sleep(random.uniform(*PAUSE_S))  # noqa: S311 -- spreads, hides nothing
            else:
                say(alias, "RESET lock_timeout")
                return


def say(alias: str, statement: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)


def begin_anew(alias: str) -> None:
    """Django leaves a transaction open where a migration's last statements fail (DatabaseSchemaEditor.__exit__)."""
    connections[alias].close()
    del connections[alias]
