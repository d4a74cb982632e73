"""What is watched, what was found, and what is still to be told to whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.secrets.fields import EncryptedTextField
from apps.secrets.models import HoldsSecrets

from .judging import State, Terms
from .metrics import METRICS


class Severity(models.TextChoices):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Sample(models.Model):
    """What all web processes together showed at a moment. `raw` are counts since each process started."""

    at = models.DateTimeField(unique=True)
    raw = models.JSONField(default=dict)
    parts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class Span(models.Model):
    """Ten minutes of samples together: of each metric the sums of its parts, and the most that one sample showed.

    `counts` are what happened by name (`fault:draw`, `denied:buying power`); nothing of before it was kept.
    """

    at = models.DateTimeField(unique=True)
    parts = models.JSONField(default=dict)
    counts = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Rule(models.Model):
    """Data, not code: above `threshold` over `window_s` seconds for `lasting_s` more it fires, at `clear` it ends."""

    name = models.CharField(max_length=80, unique=True)
    metric = models.CharField(max_length=40)
    threshold = models.FloatField(validators=[MinValueValidator(0.0)], help_text="It fires above this.")
    clear = models.FloatField(
        validators=[MinValueValidator(0.0)], help_text="It is over at this or below; not above the threshold."
    )
    window_s = models.PositiveIntegerField(
        "window, s", default=60, validators=[MinValueValidator(10), MaxValueValidator(3600)]
    )
    lasting_s = models.PositiveIntegerField("for, s", default=0, validators=[MaxValueValidator(3600)])
    severity = models.CharField(max_length=10, choices=Severity.choices)
    enabled = models.BooleanField(default=True)
    silenced_until = models.DateTimeField(null=True, blank=True, help_text="Until then nobody is told.")
    state = models.CharField(
        max_length=10, default=State.NO_DATA.value, db_default=State.NO_DATA.value, editable=False
    )
    value = models.FloatField(null=True, editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def measures(self) -> str:
        """What its figure is, in words."""
        return METRICS.get(self.metric, self.metric)

    @property
    def terms(self) -> Terms:
        return Terms(self.threshold, self.clear, timedelta(seconds=self.window_s), timedelta(seconds=self.lasting_s))

    def is_silenced(self, now: datetime) -> bool:
        return self.silenced_until is not None and self.silenced_until > now


class Alert(models.Model):
    """One time that a rule fired; `why` says in words what the figure does not, where something is known of it, and
    `ended` why it is over, where its figure does not."""

    class State(models.TextChoices):
        FIRING = "firing"
        SILENCED = "silenced"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="alerts")
    severity = models.CharField(max_length=10, choices=Severity.choices)
    value = models.FloatField()
    why = models.CharField(max_length=80, blank=True, default="", db_default="")
    raised_at = models.DateTimeField(db_index=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=80, blank=True, default="", db_default="")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=models.Q(resolved_at__isnull=True), name="one_open_alert_a_rule"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} at {self.raised_at:%Y-%m-%d %H:%M:%S}"

    def state_at(self, now: datetime) -> State:
        """Of one that is silenced nobody hears, acknowledged or not."""
        if self.resolved_at is not None:
            return self.State.RESOLVED
        if self.rule.is_silenced(now):
            return self.State.SILENCED
        return self.State.FIRING if self.acknowledged_at is None else self.State.ACKNOWLEDGED


class Channel(HoldsSecrets):
    """Where alerts go. The address of Slack and Discord and a PagerDuty key are secrets: shown by their end only."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        SLACK = "slack", "Slack"
        DISCORD = "discord", "Discord"
        PAGERDUTY = "pagerduty", "PagerDuty"
        WEBHOOK = "webhook", "Signed webhook"

    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sealed_address = EncryptedTextField("address", max_length=400, default="", db_default="")
    sealed_signing_key = EncryptedTextField("signing key", max_length=100, default="", db_default="")
    # In clear once, and emptied by 0005_seal_channels; they go with a later release
    address = models.CharField(max_length=400, blank=True, editable=False)
    signing_key = models.CharField(max_length=100, blank=True, editable=False)
    least = models.CharField("from severity", max_length=10, choices=Severity.choices, default=Severity.WARNING)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is written in clear: what an older build left there is sealed."""
        for clear, sealed in (("address", "sealed_address"), ("signing_key", "sealed_signing_key")):
            if text := getattr(self, clear):
                setattr(self, sealed, text)
                setattr(self, clear, "")
                if kwargs.get("update_fields") is not None:
                    kwargs["update_fields"] = {*kwargs["update_fields"], clear, sealed}
        super().save(*args, **kwargs)


class Outgoing(models.Model):
    """A row of an outbox: written with what it tells of, and tried until it is sent or given up."""

    class State(models.TextChoices):
        DUE = "due"
        SENT = "sent"
        DEAD = "dead", "Given up"

    state = models.CharField(max_length=5, choices=State.choices, default=State.DUE)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


class Delivery(Outgoing):
    """The operators' outbox: told apart by alert, channel and what happened."""

    class What(models.TextChoices):
        RAISED = "raised"
        RESOLVED = "resolved"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    what = models.CharField(max_length=10, choices=What.choices)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["alert", "channel", "what"], name="one_delivery_of_each")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="due"), name="deliveries_due")]

    def __str__(self) -> str:
        return f"{self.alert} {self.what} to {self.channel}"
