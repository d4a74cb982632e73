"""Forgets old events. Whoever comes back from before that starts afresh (resync); notifications stay longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet

from .models import Event, Stream

BATCH = 1000
tidyings: list[Callable[[datetime], object]] = []


def on_tidy(work: Callable[[datetime], object]) -> None:
    """Registers what the desk does each hour, in a thread, to forget or to sum up; it may take its time."""
    tidyings.append(work)


def forget_old_events(now: datetime) -> int:
    """Deletes what is older than the settings say, a batch a transaction; says how many events went."""
    events = now - timedelta(days=settings.EVENTS_KEPT_DAYS)
    notifications = now - timedelta(days=settings.NOTIFICATIONS_KEPT_DAYS)
    forgotten = 0
    for old in (Q(toast=False, at__lt=events), Q(toast=True, at__lt=notifications)):
        while batch := forget_batch(old):
            forgotten += batch
    return forgotten


@transaction.atomic
def forget_batch(old: Q) -> int:
    """The streams' marks move with the events, so that no page is told of a gap as if it were nothing."""
    rows = list(Event.objects.filter(old).order_by("at").values_list("pk", "stream_id", "seq")[:BATCH])
    last: dict[int, int] = {}
    for _, stream, seq in rows:
        last[stream] = max(seq, last.get(stream, 0))
    for stream, seq in sorted(last.items()):
        Stream.objects.filter(pk=stream, forgotten__lt=seq).update(forgotten=seq)
    Event.objects.filter(pk__in=[pk for pk, *_ in rows]).delete()
    return len(rows)


def streams_with_gaps() -> QuerySet[Stream]:
    """Streams that do not have every event after `forgotten` up to `seq`, or have one after it."""
    kept = Count("events", filter=Q(events__seq__gt=F("forgotten"), events__seq__lte=F("seq")))
    rows = Stream.objects.annotate(kept=kept, last=Max("events__seq"))
    return rows.filter(~Q(kept=F("seq") - F("forgotten")) | Q(last__gt=F("seq")))
