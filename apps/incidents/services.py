"""Every write of incidents: what alerts open and end, what people say, and the uptime of each day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.alerts.judging import State
from apps.alerts.models import Alert, Rule
from apps.alerts.services import EVERY
from apps.live.moments import read_database_time

from .grading import GRADES, TITLES
from .models import COMPONENTS, Day, Incident, Update
from .states import is_up

KEPT = timedelta(days=91)
USUAL = timedelta(seconds=30)  # between two looks, with a web process that starts again in between


@transaction.atomic
def follow_alert(alert: Alert, now: datetime) -> Incident | None:
    """Opens an incident for what fires, makes a worse one of it, or says in its timeline that the alert is over.

    An incident does not end by itself: whoever owns it says when it is over.
    """
    metric = alert.rule.metric
    if metric not in GRADES:
        return None
    grade = GRADES[metric](alert.value)
    found = Incident.objects.select_for_update().filter(metric=metric, resolved_at__isnull=True).first()
    if alert.resolved_at is not None:
        if found is not None:
            more = f" ({alert.ended})" if alert.ended else ""
            say(found, f"Alert over: {alert.rule.name}{more}", now, public=False)
        return found
    if found is None:
        found = Incident.objects.create(
            title=TITLES[metric], grade=grade, graded=grade, alert=alert, metric=metric, opened_at=now, words=""
        )
        say(found, "We have noticed this and are looking into it.", now)
    else:
        worsen(found, grade)
    say(found, f"Alert: {alert.rule.name} ({alert.value:g})", now, public=False)
    return found


@transaction.atomic
def regrade(told: Mapping[str, Any], now: datetime, before: datetime | None = None) -> None:
    """Makes open incidents worse by what their rules found at this look; nothing becomes better by itself."""
    firing = Rule.objects.filter(enabled=True, state=State.FIRING.value, value__isnull=False, metric__in=GRADES)
    worst: dict[str, Rule] = {}
    for rule in firing.order_by("value"):
        worst[rule.metric] = rule
    for incident in Incident.objects.select_for_update().filter(metric__in=worst, resolved_at__isnull=True):
        rule = worst[incident.metric]
        value = rule.value or 0.0
        if worsen(incident, GRADES[incident.metric](value)):
            say(incident, f"Now {incident.graded}: {rule.name} ({value:g})", now, public=False)


def worsen(incident: Incident, grade: str) -> bool:
    """Whether the figures never said so bad a one before."""
    if grade >= (incident.graded or incident.grade):
        return False
    incident.grade, incident.graded = min(grade, incident.grade), grade
    incident.save(update_fields=["grade", "graded"])
    return True


def say(incident: Incident, words: str, now: datetime, author: Any = None, *, public: bool = True) -> Update:
    return Update.objects.create(incident=incident, words=words, at=now, author=author, public=public)


@transaction.atomic
def resolve(incidents: list[Incident], user: Any, now: datetime) -> int:
    """Ends those that are open, with a line in each timeline; says how many."""
    open_ones = Incident.objects.select_for_update().filter(pk__in=[each.pk for each in incidents])
    rows = list(open_ones.filter(resolved_at__isnull=True))
    for incident in rows:
        incident.resolved_at = max(now, incident.opened_at)
        incident.save(update_fields=["resolved_at"])
        say(incident, "This is resolved.", now, user)
    return len(rows)


@transaction.atomic
def count_look(told: Mapping[str, Any], now: datetime, before: datetime | None = None) -> None:
    """One more look of the day at each component; what cannot be known counts for neither. `before` was the last.

    A process whose clock is ahead of the one that all share would count days that have not been, and forget those
    that have.
    """
    now = min(now, read_database_time())
    if before is not None:
        count_silence(before, now)
    for component, up in is_up(told).items():
        if up is not None:
            count(component, now.date(), "up" if up else "down", 1)
    Day.objects.filter(on__lt=(now - KEPT).date()).delete()


def count_silence(before: datetime, now: datetime) -> None:
    """Looks need the database and a web process: one that was due and did not come found nothing up."""
    start = max(before + USUAL, now - KEPT)
    while start < now:
        end = min(datetime.combine(start.date() + timedelta(days=1), time(), UTC), now)
        if missed := (end - start) // EVERY:
            for component in COMPONENTS:
                count(component, start.date(), "down", missed)
        start = end


def count(component: str, on: date, column: str, looks: int) -> None:
    day, _ = Day.objects.get_or_create(component=component, on=on)
    Day.objects.filter(pk=day.pk).update(**{column: F(column) + looks})
