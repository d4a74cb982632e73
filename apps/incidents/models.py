"""What went wrong, as people tell it, and how much of each day each component was up."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models

from apps.alerts.models import Alert

COMPONENTS = {"desk": "Trading desk", "feed": "Market data", "live": "Live updates"}
"""What the status page tells apart."""


class Grade(models.TextChoices):
    """How bad: an outage, or so many errors, or so late."""

    P0 = "P0", "P0: outage, or more than 10 % errors"
    P1 = "P1", "P1: 5 to 10 % errors, or later than 1 s"
    P2 = "P2", "P2: 1 to 5 % errors"
    P3 = "P3", "P3: below 1 % errors"


class Incident(models.Model):
    """Opened by an alert or by hand. `words` are what the public reads; the post-mortem is for staff.

    `graded` is the worst that its figures said, which makes it worse; people may know better, and set `grade`.
    """

    title = models.CharField(max_length=120)
    grade = models.CharField(max_length=2, choices=Grade.choices)
    graded = models.CharField(
        max_length=2, choices=Grade.choices, blank=True, default="", db_default="", editable=False
    )
    words = models.CharField("for the public", max_length=300, blank=True)
    public = models.BooleanField(default=True, help_text="Whether it stands on the status page.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    alert = models.ForeignKey(
        Alert, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="incidents"
    )
    metric = models.CharField(max_length=40, blank=True, editable=False)
    opened_at = models.DateTimeField(db_index=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    post_mortem = models.TextField(blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["metric"],
                condition=models.Q(resolved_at__isnull=True) & ~models.Q(metric=""),
                name="one_open_incident_a_metric",
            )
        ]

    def __str__(self) -> str:
        return f"{self.grade} {self.title}"

    @property
    def lasted(self) -> timedelta | None:
        """From its opening to its end; None while it goes on."""
        return self.resolved_at - self.opened_at if self.resolved_at else None


class Update(models.Model):
    """A line of an incident's timeline; what is not public only staff sees."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    at = models.DateTimeField()
    words = models.CharField(max_length=500)
    public = models.BooleanField(default=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.words


class Day(models.Model):
    """How many looks of a UTC day found the component up, and how many did not, or did not come."""

    component = models.CharField(max_length=20)
    on = models.DateField()
    up = models.PositiveIntegerField(default=0)
    down = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["component", "on"], name="one_row_a_component_and_day")]

    def __str__(self) -> str:
        return f"{self.component} {self.on}: {self.up} up, {self.down} down"
