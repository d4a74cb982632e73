"""Does everything add up? Asked of one moment of the database, while the desk trades."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from apps import telemetry
from apps.portfolio.invariants import Finding
from apps.portfolio.services import keep_ledger_check

from .invariants import INVARIANTS

log = logging.getLogger(__name__)


@contextmanager
def snapshot() -> Iterator[None]:
    """Whatever is read within it is of one moment, and nobody who writes waits for it.

    Raises TransactionManagementError inside a transaction, whose moment has come and gone. Django begins every
    transaction on SQLite as a writer (transaction_mode in the settings), so that this one is begun by hand.
    """
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("a snapshot cannot be taken inside a transaction")
    if connection.vendor != "sqlite":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def verify() -> list[Finding]:
    """What a look at every invariant finds."""
    with snapshot():
        return [invariant.look() for invariant in INVARIANTS]


def check_ledger(now: datetime) -> list[Finding]:
    """Looks, and keeps for /health what was found. A fault is counted each time, and told once until it changes."""
    findings = verify()
    found = {each.name: {"wrong": each.wrong, "ids": list(each.ids)} for each in findings if each.wrong}
    before = keep_ledger_check(now, found)
    if found:
        telemetry.faults.labels("ledger").inc()
        if found != before:
            log.error("the ledger does not add up: %s", found)
    return findings
