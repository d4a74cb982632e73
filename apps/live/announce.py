"""The one way to tell pages that something changed: an event with the stream's next number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Greatest

from . import bus
from .models import Event, Stream
from .moments import now_in_database
from .prepared import PreparedInsert
from .topics import notice_topics

MOVE_ON = """
    UPDATE live_stream SET seq = seq + 1, at = GREATEST(at + interval '1 microsecond', statement_timestamp())
    WHERE name = %s RETURNING id, seq, at
"""
NEW_EVENT = PreparedInsert(Event)
LATER = ExpressionWrapper(F("at") + timedelta(microseconds=1), DateTimeField())


def announce(
    stream: str,
    kind: str,
    facts: Mapping[str, str | int | bool | None] | None = None,
    *,
    topics: Iterable[str] = (),
    toast: bool = False,
) -> Event:
    """Appends an event inside the caller's transaction and rings the doorbell when that commits.

    `topics` are the fragments ("positions/7") it changes; a `toast` is also shown and kept under Activity.
    Raises TransactionManagementError outside a transaction. The number comes from the stream's own row, locked
    by this very update: an auto-increment id would let a slow writer's event slip behind a reader's cursor. So does
    its time, which only grows within the stream: pages keep what is newer, and a writer's own clock may be wrong.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("announce() belongs inside the transaction it tells of")
    row = next_of(stream)
    if row is None:
        Stream.objects.get_or_create(name=stream)
        row = next_of(stream)
    assert row is not None  # noqa: S101 -- streams are never deleted
    event = Event(
        stream_id=row.pk,
        seq=row.seq,
        kind=kind,
        facts=dict(facts or {}),
        topics=list(dict.fromkeys([*topics, *(notice_topics(stream) if toast else [])])),
        toast=toast,
        at=row.at,
    )
    NEW_EVENT.save(event)
    transaction.on_commit(partial(bus.ring, stream), robust=True)
    return event


class Next(NamedTuple):
    """A stream's row, and the number and time of its next event."""

    pk: int
    seq: int
    at: datetime


def next_of(stream: str) -> Next | None:
    """Moves the stream on. PostgreSQL says in the same statement to where, which Django cannot ask of it."""
    connection = transaction.get_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(MOVE_ON, [stream])
            moved = cursor.fetchone()
        return Next(*moved) if moved else None
    rows = Stream.objects.filter(name=stream)
    rows.update(seq=F("seq") + 1, at=Greatest(LATER, now_in_database(), output_field=DateTimeField()))
    found = rows.values_list("pk", "seq", "at").first()
    return Next(*found) if found else None
