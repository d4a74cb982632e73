"""Every write of incidents: what alerts open and end, what people say, and the uptime of each day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.alerts.models import Alert

from .grading import GRADES, TITLES
from .models import Day, Incident, Update

KEPT = timedelta(days=91)


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
            say(found, f"Alert over: {alert.rule.name}", now, public=False)
        return found
    if found is None:
        found = Incident.objects.create(
            title=TITLES[metric], grade=grade, alert=alert, metric=metric, opened_at=now, words=""
        )
        say(found, "We have noticed this and are looking into it.", now)
    elif grade < found.grade:
        found.grade = grade
        found.save(update_fields=["grade"])
    say(found, f"Alert: {alert.rule.name} ({alert.value:g})", now, public=False)
    return found


def say(incident: Incident, words: str, now: datetime, author: Any = None, *, public: bool = True) -> Update:
    return Update.objects.create(incident=incident, words=words, at=now, author=author, public=public)


@transaction.atomic
def resolve(incidents: list[Incident], user: Any, now: datetime) -> int:
    """Ends those that are open, with a line in each timeline; says how many."""
    open_ones = Incident.objects.select_for_update().filter(pk__in=[each.pk for each in incidents])
    rows = list(open_ones.filter(resolved_at__isnull=True))
    for incident in rows:
        incident.resolved_at = now
        incident.save(update_fields=["resolved_at"])
        say(incident, "This is resolved.", now, user)
    return len(rows)


@transaction.atomic
def count_look(told: Mapping[str, Any], now: datetime) -> None:
    """One more look of the day at each component; what cannot be known counts for neither."""
    dependencies: Mapping[str, str] = told.get("components") or {}
    states = {
        "desk": told.get("status"),
        "feed": dependencies.get("feed"),
        "live": "down" if dependencies.get("redis") == "down" else "up",  # a web process looks: it is there
    }
    for component, state in states.items():
        if state is None:
            continue
        day, _ = Day.objects.get_or_create(component=component, on=now.date())
        column = "down" if state == "down" else "up"
        Day.objects.filter(pk=day.pk).update(**{column: F(column) + 1})
    Day.objects.filter(on__lt=(now - KEPT).date()).delete()
