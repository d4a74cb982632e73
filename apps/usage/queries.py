"""How the desk is used, from sums of days and of hours: a fixed number of queries however much is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count as Number
from django.db.models import Sum

from apps.alerts.dashboards import Bar, most_first
from apps.alerts.models import Span
from apps.monitoring.spans import SPANS

from .models import Count, Hour, Week
from .weeks import hour_of, week_of

Kind = Count.Kind
AN_HOUR = timedelta(hours=1)
BY_HOUR = {"hour": 24, "day": 24, "week": 7 * 24}
"""Of which spans there are charts by hour, and of how many hours: one alone is shown among its day."""
BY_DAY = {"week": 7, "month": 30}
HOUR_CHARTS = {
    "used": ("Pages and actions by hour", "times"),
    "looked": ("Time on a page by hour", "min"),
    "watched": ("Symbols watched live by hour", "page minutes"),
}
CHARTS = {
    "adoption": ("Adoption", "%"),
    "users": ("Signed-in users", "users"),
    "refreshes": ("Refreshes", "a session"),
    "minutes": ("Time on a page", "min"),
}
COHORT_WEEKS = 8
AROUND = timedelta(days=7)
TRANSPORT = {"error_rate": 100.0, "reconnect_rate": 100.0, "p95_ms": 1.0}
Sums = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Stay:
    """A page: how often it was left, how long it was looked at on average (s), how often it had been reloaded."""

    name: str
    left: int
    seconds: float
    reloads: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some days together; None where there is nothing to divide by. `adoption` and `followed` are per cent."""

    adoption: float | None
    refreshes: float | None
    seconds: float | None
    views_a_session: float | None
    followed: float | None


@dataclass(frozen=True, slots=True)
class Use:
    figures: Figures
    pages: list[Bar]
    acts: list[Bar]
    events: list[Bar]
    toasts: list[Bar]
    watched: list[Bar]
    stays: list[Stay]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who came first in the week of that Monday: how many, and what share (per cent) came in each week since."""

    week: date
    size: int
    shares: list[float]


@dataclass(frozen=True, slots=True)
class Release:
    """Seven days before the day of the newest release and seven after it, by figure; None where nothing is known."""

    name: str
    day: date
    days_after: int
    rows: list[tuple[str, str, float | None, float | None]]


def use(span: str, now: datetime) -> Use:
    """Of the last days, today included; of an hour or a day of the last whole hours and the one that runs. Raises
    KeyError."""
    long, today = SPANS[span][1], now.date()
    sums = sums_of(today - long + timedelta(days=1), today) if span in BY_DAY else sums_since(hour_of(now) - long)
    flat = {f"{kind}:{name}": float(number) for (kind, name), number in sums.items()}
    return Use(
        figures=figures_of(sums),
        pages=most_first(flat, Kind.PAGE),
        acts=most_first(flat, Kind.ACT),
        events=most_first(flat, Kind.EVENT),
        toasts=most_first(flat, Kind.TOAST),
        watched=most_first(flat, Kind.WATCHED),
        stays=stays_of(sums),
    )


def sums_of(since: date, until: date) -> Sums:
    """By kind and name, both days included."""
    rows = Count.objects.filter(day__gte=since, day__lte=until).values_list("kind", "name").annotate(Sum("number"))
    return {(kind, name): number for kind, name, number in rows}


def sums_since(hour: datetime) -> Sums:
    """By kind and name, of the hours from that one on."""
    rows = Hour.objects.filter(hour__gte=hour).values_list("kind", "name").annotate(Sum("number"))
    return {(kind, name): number for kind, name, number in rows}


def figures_of(sums: Sums) -> Figures:
    total: dict[str, int] = defaultdict(int)
    for (kind, _), number in sums.items():
        total[kind] += number
    seen, live = sums.get((Kind.USERS, "seen"), 0), sums.get((Kind.USERS, "live"), 0)
    shown, followed = sums.get((Kind.TOAST, "shown"), 0), sums.get((Kind.TOAST, "followed"), 0)
    return Figures(
        adoption=ratio(100 * live, seen),
        refreshes=ratio(total[Kind.RELOAD], total[Kind.SESSIONS]),
        seconds=ratio(total[Kind.STAY] / 1000, total[Kind.LEFT]),
        views_a_session=ratio(total[Kind.PAGE], total[Kind.SESSIONS]),
        followed=ratio(100 * followed, shown),
    )


def ratio(happened: float, possible: float) -> float | None:
    return happened / possible if possible else None


def stays_of(sums: Sums) -> list[Stay]:
    """Pages that were left most often first."""
    left = sorted(((number, name) for (kind, name), number in sums.items() if kind == Kind.LEFT), reverse=True)
    return [
        Stay(name, number, sums.get((Kind.STAY, name), 0) / 1000 / number, sums.get((Kind.RELOAD, name), 0))
        for number, name in left[:20]
    ]


def hours(span: str, now: datetime) -> dict[str, list[float | None]]:
    """Each chart's figure of each hour, at its beginning. Raises KeyError."""
    wanted = [hour_of(now) - back * AN_HOUR for back in reversed(range(BY_HOUR[span]))]
    kinds = [Kind.PAGE, Kind.ACT, Kind.STAY, Kind.LEFT, Kind.WATCHED]
    rows = Hour.objects.filter(hour__gte=wanted[0], kind__in=kinds).values_list("hour", "kind")
    sums = {(hour, kind): number for hour, kind, number in rows.annotate(Sum("number"))}

    def of(kind: str) -> list[int]:
        return [sums.get((hour, kind), 0) for hour in wanted]

    looked = [ratio(ms / 60_000, left) for ms, left in zip(of(Kind.STAY), of(Kind.LEFT), strict=True)]
    return {
        "at": [hour.timestamp() for hour in wanted],
        "used": [pages + acts for pages, acts in zip(of(Kind.PAGE), of(Kind.ACT), strict=True)],
        "looked": looked,
        "watched": list(of(Kind.WATCHED)),
    }


def days(span: str, today: date) -> dict[str, list[float | None]]:
    """Each chart's figure of each day, at its midnight (UTC). Raises KeyError."""
    wanted = [today - timedelta(days=back) for back in reversed(range(BY_DAY[span]))]
    kinds = [Kind.USERS, Kind.RELOAD, Kind.SESSIONS, Kind.STAY, Kind.LEFT]
    rows = Count.objects.filter(day__gte=wanted[0], day__lte=today, kind__in=kinds)
    sums: dict[date, dict[tuple[str, str], int]] = {day: {} for day in wanted}
    for day, kind, name, count in rows.values_list("day", "kind", "name", "number"):
        sums[day][kind, name] = count
    found = [figures_of(sums[day]) for day in wanted]
    return {
        "at": [datetime.combine(day, time(), UTC).timestamp() for day in wanted],
        "adoption": [each.adoption for each in found],
        "users": [sums[day].get((Kind.USERS, "seen")) for day in wanted],
        "refreshes": [each.refreshes for each in found],
        "minutes": [None if each.seconds is None else each.seconds / 60 for each in found],
    }


def cohorts(today: date) -> list[Cohort]:
    """Of the last weeks, the newest first."""
    oldest = week_of(today) - timedelta(weeks=COHORT_WEEKS - 1)
    rows = Week.objects.filter(week__gte=oldest, first__gte=oldest).values_list("first", "week")
    came: dict[date, dict[date, int]] = defaultdict(dict)
    for first, week, number in rows.annotate(Number("pk")):
        came[first][week] = number
    found = []
    for first in sorted(came, reverse=True):
        size = came[first].get(first, 0)
        weeks = [first + timedelta(weeks=since) for since in range((week_of(today) - first).days // 7 + 1)]
        found.append(Cohort(first, size, [100 * came[first].get(week, 0) / size for week in weeks] if size else []))
    return found


def around_release(today: date) -> Release | None:
    """The day itself is left out: it is of both."""
    mark = Count.objects.filter(kind=Kind.RELEASE).order_by("-day", "-pk").first()
    if mark is None:
        return None
    last = min(mark.day + AROUND, today)
    before, after = figures_of(sums_of(mark.day - AROUND, mark.day - timedelta(days=1))), figures_of({})
    if last > mark.day:
        after = figures_of(sums_of(mark.day + timedelta(days=1), last))
    felt = transport(mark.day - AROUND, mark.day), transport(mark.day + timedelta(days=1), last + timedelta(days=1))
    rows = [
        ("Adoption", "%", before.adoption, after.adoption),
        ("Refreshes a session", "", before.refreshes, after.refreshes),
        ("Pages a session", "", before.views_a_session, after.views_a_session),
        ("Time on a page", "s", before.seconds, after.seconds),
        ("Toasts followed", "%", before.followed, after.followed),
        ("Errors per frame", "%", felt[0]["error_rate"], felt[1]["error_rate"]),
        ("Reconnects", "%", felt[0]["reconnect_rate"], felt[1]["reconnect_rate"]),
        ("P95 of lateness", "ms", felt[0]["p95_ms"], felt[1]["p95_ms"]),
    ]
    return Release(mark.name, mark.day, (last - mark.day).days, rows)


def transport(since: date, before: date) -> dict[str, float | None]:
    """What the looks of these days showed together; the last day is not among them."""
    bounds = [datetime.combine(day, time(), UTC) for day in (since, before)]
    rows = Span.objects.filter(at__gte=bounds[0], at__lt=bounds[1]).values_list("parts", flat=True)
    return sums_of_parts(rows.iterator(2000))


def sums_of_parts(rows: Iterable[Mapping[str, list[float]]]) -> dict[str, float | None]:
    happened, possible = dict.fromkeys(TRANSPORT, 0.0), dict.fromkeys(TRANSPORT, 0.0)
    for parts in rows:
        for name in TRANSPORT:
            if part := parts.get(name):
                happened[name] += part[0]
                possible[name] += part[1]
    return {name: ratio(scale * happened[name], possible[name]) for name, scale in TRANSPORT.items()}
