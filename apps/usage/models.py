"""How the desk is used: sums of a day and of an hour that name nobody, and in which weeks somebody came back."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Count(models.Model):
    """How often something happened in a day (UTC), by everybody who is counted; `stay` counts milliseconds.

    A `release` is marked on the day it was first at work.
    """

    class Kind(models.TextChoices):
        PAGE = "page"
        ACT = "act"
        EVENT = "event"
        USERS = "users"
        SESSIONS = "sessions"
        LEFT = "left"
        STAY = "stay"
        RELOAD = "reload"
        TOAST = "toast"
        WATCHED = "watched"
        RELEASE = "release"

    day = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=80)
    number = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "kind", "name"], name="one_count_a_day_and_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} on {self.day}: {self.number}"


class Hour(models.Model):
    """The same of the hour (UTC) that begins then, for some days: what was used, for how long, and watched live.

    Users are known by day alone: whoever could tell them by hour could tell who was here when.
    """

    hour = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Count.Kind.choices)
    name = models.CharField(max_length=80)
    number = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "kind", "name"], name="one_count_an_hour_and_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} at {self.hour:%Y-%m-%d %H:00}: {self.number}"


class Week(models.Model):
    """Somebody was here in the week that begins on that Monday; `first` is the Monday of their first week.

    `seen_on` and `live_on` are the last day that counts them already; they are emptied when the week is over.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    week = models.DateField()
    first = models.DateField()
    seen_on = models.DateField(null=True)
    live_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "week"], name="one_week_a_user")]
        indexes = [models.Index(fields=["week", "first"], name="weeks_by_cohort")]

    def __str__(self) -> str:
        return f"user {self.user_id} in the week of {self.week}"
