"""Which session an instrument's day is of and which close it counts from: written in one place, and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import OuterRef, Subquery

from apps.desk.calendar import ALWAYS

from .models import DayStart, Instrument

COLUMNS = ("calendar", "previous_close", "session_open", "session_date")


@transaction.atomic
def begin_days(rows: Sequence[Instrument], at: datetime) -> None:
    """Writes these columns of instruments, and that their days count so from that moment on."""
    was = dict(Instrument.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "session_date"))
    Instrument.objects.bulk_update(rows, COLUMNS, batch_size=200)
    DayStart.objects.bulk_create(
        DayStart(
            instrument=row,
            calendar=row.calendar,
            was=was[row.pk],
            session_date=row.session_date,
            previous_close=row.previous_close,
            at=at,
        )
        for row in rows
    )


class PastDay(NamedTuple):
    """The hours that an instrument kept, the session that its day was of, and the close that it counted from."""

    calendar: str
    session: date | None
    close: Decimal | None


def days_at(instruments: Sequence[int], at: datetime) -> dict[int, PastDay]:
    """Of those of which it is kept; three queries. What keeps no hours has the day of the feed, and without a close
    where its own is another."""
    always = DayStart.objects.filter(calendar=ALWAYS, at__lte=at).order_by("-at", "-id")
    newest = always.values_list("instrument", flat=True).first()
    kept = dict(kept_days([*instruments, *([newest] if newest else [])], at))
    of_feed = kept.get(newest) if newest else None
    found = {}
    for pk in instruments:
        own = kept.get(pk)
        if own and own.calendar != ALWAYS:
            found[pk] = own
        elif own and of_feed and of_feed.calendar == ALWAYS:
            found[pk] = own if own.session == of_feed.session else of_feed._replace(close=None)
    return found


def kept_days(instruments: Sequence[int], at: datetime) -> Iterator[tuple[int, PastDay]]:
    """The newest start of each by then, where nothing was written since that it does not lead to."""
    starts = DayStart.objects.filter(instrument=OuterRef("pk"))
    by_then, later = starts.filter(at__lte=at).order_by("-at", "-id"), starts.filter(at__gt=at).order_by("at", "id")
    rows = Instrument.objects.filter(pk__in=instruments).order_by()
    rows = rows.annotate(newest=Subquery(by_then.values("pk")[:1]), after=Subquery(later.values("pk")[:1]))
    found = list(rows)
    known = DayStart.objects.in_bulk([pk for row in found for pk in (row.newest, row.after) if pk])
    for row in found:
        start, after = known.get(row.newest), known.get(row.after)
        now = (row.session_date, row.previous_close)
        if start and (start.session_date == after.was if after else (start.session_date, start.previous_close) == now):
            yield row.pk, PastDay(start.calendar, start.session_date, start.previous_close)
        elif start is after is None and row.calendar == ALWAYS:  # no session that is kept was its own
            yield row.pk, PastDay(ALWAYS, None, None)
