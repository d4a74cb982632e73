"""What alerts there were, and what a rule would have done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, F, Max, Q

from apps.live.moments import micros
from apps.monitoring.spans import SPANS

from .clocks import APART, of_this_clock
from .judging import Episode, Point, Terms, episodes
from .models import Alert, Sample, Severity, Span

REHEARSED = timedelta(days=7)
TEN_MINUTES = timedelta(minutes=10)
CHARTS = {
    "connections": ("Open sockets", "", 1.0),
    "error_rate": ("Errors per frame", "%", 100.0),
    "reconnect_rate": ("Reconnects", "%", 100.0),
    "p95_ms": ("P95 of lateness", "ms", 1.0),
    "p99_ms": ("P99 of lateness", "ms", 1.0),
}
TRANSPORT = {
    "connects": ("Connects", "a minute", 1.0),
    "disconnects": ("Disconnects", "a minute", 1.0),
    "errors_connection": ("Connection errors per frame", "%", 100.0),
    "errors_message": ("Message errors per frame", "%", 100.0),
    "errors_server": ("Server errors per frame", "%", 100.0),
    "reconnect_rate": ("Reconnects", "%", 100.0),
}
TRADING = {
    "orders_accepted": ("Orders accepted", "a minute", 1.0),
    "orders_filled": ("Fills", "a minute", 1.0),
    "orders_denied": ("Orders refused", "a minute", 1.0),
    "feed_age": ("Age of the feed", "s", 1.0),
}
ALERTS = {"raised": ("Alerts raised", "alerts", 1.0), "resolved": ("Alerts resolved", "alerts", 1.0)}
"""Title, unit, and what a figure is multiplied by to be in it."""
BARS = {
    "hour": timedelta(minutes=1),
    "day": timedelta(minutes=30),
    "week": timedelta(hours=4),
    "month": timedelta(days=1),
}
"""How long each bar of alerts lasts."""
Charts = Mapping[str, tuple[str, str, float]]


def rehearse(metric: str, terms: Terms, now: datetime) -> list[Episode]:
    """When a rule with these terms would have fired in the last week."""
    rows = of_this_clock(now).filter(at__gt=now - REHEARSED).order_by("at").values_list("at", f"parts__{metric}")
    points = (Point(at, (part[0], part[1]) if part else None) for at, part in rows.iterator(2000))
    return list(episodes(terms, points))


def curves(span: str, now: datetime, charts: Charts = CHARTS) -> dict[str, list[float | None]]:
    """The figures of a span: of an hour each sample, of a longer one each ten minutes. Raises KeyError."""
    since = now - SPANS[span][1]
    looked = (Sample if span == "hour" else Span).objects.filter(at__gt=since, at__lte=now + APART)
    rows = looked.order_by("at").values_list("at", "parts")
    found: dict[str, list[float | None]] = {"at": [], **{name: [] for name in charts}}
    for at, parts in rows.iterator(2000):
        found["at"].append(at.timestamp())
        for name, (_, _, scale) in charts.items():
            part = parts.get(name)
            found[name].append(scale * part[0] / part[1] if part and part[1] else None)
    return found


def alert_curves(span: str, now: datetime) -> dict[str, list[float]]:
    """How many alerts were raised, and how many resolved, from each moment until the next. Raises KeyError."""
    step = BARS[span].total_seconds()
    first, last = ((moment.timestamp() // step) for moment in (now - SPANS[span][1], now))
    places = range(int(first) + 1, int(last) + 1)
    found: dict[str, list[float]] = {"at": [place * step for place in places]}
    for name in ALERTS:
        field = f"{name}_at"
        since = datetime.fromtimestamp(places.start * step, tz=now.tzinfo)
        moments = Alert.objects.filter(**{f"{field}__gte": since}).values_list(field, flat=True)
        counts = Counter(int(moment.timestamp() // step) for moment in moments.iterator(2000))
        found[name] = [counts[place] for place in places]
    return found


def counted(span: str, now: datetime) -> dict[str, float]:
    """What happened by name in a span, by tens of minutes. Raises KeyError."""
    found: Counter[str] = Counter()
    since = now - SPANS[span][1] - TEN_MINUTES
    rows = Span.objects.filter(at__gt=since, at__lte=now + APART, counts__isnull=False)
    for counts in rows.values_list("counts", flat=True).iterator(2000):
        found.update(counts or {})
    return dict(found)


@dataclass(frozen=True, slots=True)
class AlertFigures:
    """`resolved_after` is the mean of the last thirty days; None of none. `severities`, the worst first, have how
    many of each fire, and how many were raised in these days. `silenced` are those of `open`, by key, that are."""

    open: tuple[Alert, ...]
    silenced: frozenset[int]
    severities: tuple[tuple[str, int, int], ...]
    recent: tuple[Alert, ...]
    resolved_after: timedelta | None


def alert_figures(now: datetime) -> AlertFigures:
    rows = Alert.objects.select_related("rule", "acknowledged_by")
    since = now - timedelta(days=30)
    ended = rows.filter(resolved_at__gt=since)
    fires = tuple(rows.filter(resolved_at__isnull=True))
    firing = Counter(alert.severity for alert in fires)
    raised = dict(rows.filter(raised_at__gt=since).order_by().values_list("severity").annotate(Count("pk")))
    return AlertFigures(
        open=fires,
        silenced=frozenset(alert.pk for alert in fires if alert.state_at(now) == Alert.State.SILENCED),
        severities=tuple((each.label, firing[each], raised.get(each, 0)) for each in Severity),
        recent=tuple(rows.filter(resolved_at__isnull=False)[:20]),
        resolved_after=ended.aggregate(mean=Avg(F("resolved_at") - F("raised_at")))["mean"],
    )


@dataclass(frozen=True, slots=True)
class Operations:
    """What operators see now; `changed_us` is when anything of it last changed."""

    sample: Sample | None
    alerts: AlertFigures
    changed_us: int


def operations(now: datetime) -> Operations:
    """The moment is read first: what changes meanwhile is read again."""
    changed = changed_us(now)
    return Operations(latest(now), alert_figures(now), changed)


def changed_us(now: datetime) -> int:
    """When anybody last looked, or an alert was raised, resolved or acknowledged; by no clock that is ahead."""
    names = ("raised_at", "resolved_at", "acknowledged_at")
    told = Alert.objects.aggregate(**{name: Max(name, filter=Q(**{f"{name}__lte": now + APART})) for name in names})
    return max(looked_us(now), *(micros(each) for each in told.values() if each is not None), 0)


def looked_us(now: datetime) -> int:
    """When anybody last looked."""
    look = latest(now)
    return micros(look.at) if look else 0


def latest(now: datetime) -> Sample | None:
    return of_this_clock(now).first()
