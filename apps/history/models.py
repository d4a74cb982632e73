"""What a trader writes about closed trades, and a file of fills that waits to be imported."""

from __future__ import annotations

from django.db import models

from apps.portfolio.models import Account


class TradeNote(models.Model):
    """A note and tags on one closed trade, named by the execution id of its first fill. `tags` have commas between."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="trade_notes")
    opened_by = models.CharField(max_length=80)
    note = models.CharField(max_length=2000, blank=True)
    tags = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "opened_by"], name="one_note_a_trade")]

    def __str__(self) -> str:
        return f"{self.opened_by} {self.tags}"

    @property
    def each_tag(self) -> tuple[str, ...]:
        return tuple(filter(None, self.tags.split(",")))


class ImportDraft(models.Model):
    """A file of fills that was sent and is looked at before it is booked; a new one takes its place.

    `mapped` names the file's column for each of ours.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="import_draft")
    name = models.CharField(max_length=100)
    text = models.TextField()
    mapped = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
