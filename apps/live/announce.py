"""The one way to tell pages that something changed: an event with the stream's next number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Greatest

from . import bus
from .models import Event, Stream
from .moments import now_in_database
from .topics import notice_topics

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
    next_one = {"seq": F("seq") + 1, "at": Greatest(LATER, now_in_database(), output_field=DateTimeField())}
    if not Stream.objects.filter(name=stream).update(**next_one):
        Stream.objects.get_or_create(name=stream)
        Stream.objects.filter(name=stream).update(**next_one)
    row = Stream.objects.get(name=stream)
    event = Event.objects.create(
        stream=row,
        seq=row.seq,
        kind=kind,
        facts=dict(facts or {}),
        topics=list(dict.fromkeys([*topics, *(notice_topics(stream) if toast else [])])),
        toast=toast,
        at=row.at,
    )
    transaction.on_commit(partial(bus.ring, stream), robust=True)
    return event
