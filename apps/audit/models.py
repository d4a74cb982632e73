"""Who did what to the desk, each entry bound to the one before it."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """`digest` is over this entry and the digest before it: what is changed or taken out later shows."""

    seq = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor = models.CharField(max_length=80, blank=True)
    facts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-seq"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"#{self.seq} {self.kind}"


class Head(models.Model):
    """One row: how far the chain goes, and its last digest. Who takes entries off its end leaves this behind."""

    seq = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"#{self.seq} {self.digest[:12]}"
