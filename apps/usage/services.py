"""The only writer of what is counted of the desk's use, and what forgets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count as Number
from django.db.models import F, Min, QuerySet
from django.db.models.functions import TruncHour

from apps.accounts.models import User
from apps.accounts.services import set_counted
from apps.live.models import Event
from apps.live.topics import user_stream

from .models import Count, Hour, Week
from .weeks import hour_of, week_of

Kind = Count.Kind
Counts = Mapping[tuple[date, str, str], int]
"""How often, by day, kind and name."""
Hours = Mapping[tuple[datetime, str, str], int]
"""The same by hour."""
A_DAY = timedelta(days=1)
HOURS_KEPT = timedelta(days=8)


@transaction.atomic
def book(counts: Counts) -> None:
    """Adds them. In one order everywhere, so that two processes never wait for each other."""
    keys = sorted(key for key, number in counts.items() if number)
    rows = [Count(day=day, kind=kind, name=name, number=0) for day, kind, name in keys]
    Count.objects.bulk_create(rows, ignore_conflicts=True)
    for day, kind, name in keys:
        Count.objects.filter(day=day, kind=kind, name=name).update(number=F("number") + counts[day, kind, name])


@transaction.atomic
def book_hours(counts: Hours) -> None:
    """Adds them to their hours and to their days; hours first everywhere, in one order as in `book`."""
    keys = sorted(key for key, number in counts.items() if number)
    rows = [Hour(hour=hour, kind=kind, name=name, number=0) for hour, kind, name in keys]
    Hour.objects.bulk_create(rows, ignore_conflicts=True)
    days = Counter[tuple[date, str, str]]()
    for hour, kind, name in keys:
        number = counts[hour, kind, name]
        Hour.objects.filter(hour=hour, kind=kind, name=name).update(number=F("number") + number)
        days[hour.date(), kind, name] += number
    book(days)


@transaction.atomic
def see(users: Iterable[int], day: date) -> int:
    """Counts each of these users once that day, and once that week; gives how many were new that day.

    Who has asked not to be counted meanwhile is not.
    """
    week = week_of(day)
    counted = set(User.objects.filter(pk__in=set(users), counted=True).values_list("pk", flat=True))
    known = set(Week.objects.filter(user__in=counted, week=week).values_list("user_id", flat=True))
    if new := counted - known:
        firsts = dict(Week.objects.filter(user__in=new).values_list("user_id").annotate(Min("first")))
        rows = [Week(user_id=user, week=week, first=firsts.get(user, week)) for user in sorted(new)]
        Week.objects.bulk_create(rows, ignore_conflicts=True)
    fresh = [row.pk for row in locked(counted, week) if row.seen_on is None or row.seen_on < day]
    Week.objects.filter(pk__in=fresh).update(seen_on=day)
    book({(day, Kind.USERS, "seen"): len(fresh)})
    return len(fresh)


def locked(users: Iterable[int], week: date) -> QuerySet[Week]:
    """Their rows of that week. In one order everywhere, as in `book`."""
    return Week.objects.select_for_update().filter(user__in=set(users), week=week).order_by("pk")


@transaction.atomic
def see_live(users: Iterable[int], watched: Mapping[str, Iterable[int]], minutes: int, now: datetime) -> int:
    """Counts who has a live line, and for how many minutes pages showed each symbol; gives how many were new.

    Of those alone who were counted that day: a line itself cannot tell whether its browser asks to be left out.
    """
    day = now.date()
    rows = [row for row in locked(users, week_of(day)) if row.seen_on == day]
    counted = {row.user_id for row in rows}
    fresh = [row.pk for row in rows if row.live_on is None or row.live_on < day]
    Week.objects.filter(pk__in=fresh).update(live_on=day)
    shown = {symbol: sum(user in counted for user in viewers) for symbol, viewers in watched.items()}
    book_hours({(hour_of(now), Kind.WATCHED, symbol): pages * minutes for symbol, pages in shown.items()})
    book({(day, Kind.USERS, "live"): len(fresh)})
    return len(fresh)


@transaction.atomic
def mark_release(release: str, day: date) -> None:
    """The first process of a release marks the day; later ones find it marked."""
    if not Count.objects.filter(kind=Kind.RELEASE, name=release).exists():
        Count.objects.get_or_create(day=day, kind=Kind.RELEASE, name=release, defaults={"number": 1})


@transaction.atomic
def choose(user: Any, counted: bool) -> None:
    """Whether the user's use is counted. Who says no is forgotten; sums that name nobody stay."""
    set_counted(user, counted)
    if not counted:
        Week.objects.filter(user=user).delete()


def tidy(now: datetime) -> None:
    """Each hour: sums up the events of today and yesterday, and forgets what is old."""
    for day in (now.date() - A_DAY, now.date()):
        roll_up_events(day)
    forget(now.date())
    Hour.objects.filter(hour__lt=now - HOURS_KEPT).delete()


@transaction.atomic
def roll_up_events(day: date) -> None:
    """How many events of each kind the users had that day, and each hour of it, who are counted; the same however
    often it is done."""
    users = Week.objects.filter(week=week_of(day)).values_list("user_id", flat=True)
    begins = datetime.combine(day, time(), UTC)
    rows = Event.objects.filter(toast__in=[False, True], at__gte=begins, at__lt=begins + A_DAY)
    streams, hours, sums = {user_stream(user) for user in users}, Counter[tuple[datetime, str]](), Counter[str]()
    grouped = rows.order_by().values_list("stream__name", TruncHour("at", tzinfo=UTC), "kind").annotate(Number("pk"))
    for stream, hour, kind, number in grouped:
        if stream in streams:
            hours[hour, kind] += number
            sums[kind] += number
    Hour.objects.filter(hour__gte=begins, hour__lt=begins + A_DAY, kind=Kind.EVENT).delete()
    Hour.objects.bulk_create(
        Hour(hour=hour, kind=Kind.EVENT, name=kind, number=number) for (hour, kind), number in sorted(hours.items())
    )
    Count.objects.filter(day=day, kind=Kind.EVENT).delete()
    Count.objects.bulk_create(
        Count(day=day, kind=Kind.EVENT, name=kind, number=number) for kind, number in sorted(sums.items())
    )


@transaction.atomic
def forget(today: date) -> int:
    """Deletes what is older than `USE_KEPT_DAYS`, but for marks of releases; gives how many rows went."""
    last = today - timedelta(days=settings.USE_KEPT_DAYS)
    Week.objects.filter(week__lt=week_of(today), seen_on__isnull=False).update(seen_on=None, live_on=None)
    counts, _ = Count.objects.filter(day__lt=last).exclude(kind=Kind.RELEASE).delete()
    weeks, _ = Week.objects.filter(week__lt=week_of(last)).delete()
    return counts + weeks
