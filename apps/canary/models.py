"""What became of each canary."""

from __future__ import annotations

from django.db import models

STREAM = "canary"
TOPIC = "canary/beat"


class Stage(models.TextChoices):
    """Where it failed: the line was not there, the event was not written, or it did not arrive."""

    CONNECT = "connect"
    COMMIT = "commit"
    RECEIVE = "receive"


class Flight(models.Model):
    """One turn: whoever writes its row flies it. Without an end it is in the air, or its process died with it."""

    due_at = models.DateTimeField(unique=True)
    ended_at = models.DateTimeField(null=True)
    milliseconds = models.FloatField(null=True)
    failed = models.CharField(max_length=10, choices=Stage.choices, blank=True)

    class Meta:
        ordering = ["-due_at"]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d %H:%M:%S} {self.failed or self.milliseconds}"
