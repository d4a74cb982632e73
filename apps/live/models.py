"""Numbered event streams: the truth that every page resumes from; switches and notices that hold for every page."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from .moments import EPOCH


class Stream(models.Model):
    """One row a stream (`user/7`, `desk`); its counter is moved in the transaction that appends the event.

    `at` is the newest event's time; of the events up to number `forgotten` only the notifications are kept.
    """

    name = models.CharField(max_length=80, unique=True)
    seq = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(db_default=EPOCH)  # by the database: the release before this one writes none
    forgotten = models.PositiveBigIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.seq}"


class Event(models.Model):
    """A fact somebody must hear of exactly once. `topics` names the fragments it changes."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)
    topics = models.JSONField(default=list)
    toast = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="event_number_once")]
        indexes = [models.Index(fields=["toast", "at"], name="event_to_forget")]
        ordering = ["stream", "-seq"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"


class ReadMark(models.Model):
    """Up to which number a reader has read a stream; shared by all of the reader's tabs and devices."""

    stream = models.OneToOneField(Stream, on_delete=models.CASCADE, related_name="read_mark")
    seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.stream_id} read to {self.seq}"


class Switch(models.Model):
    """While its row is there it overrides the environment; without it the environment holds."""

    class Name(models.TextChoices):
        LIVE_WS = "live-ws", "Live updates by WebSocket"

    name = models.CharField(max_length=40, unique=True, choices=Name.choices)
    on = models.BooleanField("switched on", default=True, help_text="Off: every page polls every 5 seconds instead.")
    share = models.PositiveSmallIntegerField(
        default=100,
        validators=[MaxValueValidator(100)],
        help_text="Per cent of the users that it is on for: always the same ones, and a larger share only adds some.",
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "switches"
        constraints = [models.CheckConstraint(condition=models.Q(share__lte=100), name="switch_share_is_per_cent")]

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {f'on for {self.share} %' if self.on else 'off'}"


class Notice(models.Model):
    """What everybody is told, on every page, from a moment on and until another."""

    class Level(models.TextChoices):
        INFO = "info", "Information"
        WARNING = "warning", "Warning"
        CRITICAL = "error", "Critical"

    text = models.CharField(max_length=300, help_text="Plain and short: what happens, when, and what to do.")
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.INFO)
    starts_at = models.DateTimeField("from", default=timezone.now, help_text="UTC")
    ends_at = models.DateTimeField("until", null=True, blank=True, help_text="UTC; empty: until it is taken down")

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="notice_ends_after_it_starts",
                violation_error_message="It must end after it starts.",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Dismissal(models.Model):
    """The release whose banner a user has put away. The id alone: who the users are is decided above."""

    user_id = models.PositiveBigIntegerField(unique=True)
    release = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"user {self.user_id} has seen {self.release}"
