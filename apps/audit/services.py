"""The only writer of the audit log: entries are added, one after another, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from .chain import HEAD, digest_of
from .models import Entry, Head


@transaction.atomic
def record(kind: str, actor: str, facts: Mapping[str, str], at: datetime | None = None) -> Entry:
    """Adds an entry in the caller's transaction, if it has one: what is undone was never done."""
    Head.objects.get_or_create(pk=HEAD)
    head = Head.objects.select_for_update().get(pk=HEAD)
    entry = Entry(seq=head.seq + 1, at=at or timezone.now(), kind=kind, actor=actor[:80], facts=dict(facts))
    entry.digest = digest_of(entry, head.digest)
    entry.save(force_insert=True)
    head.seq, head.digest = entry.seq, entry.digest
    head.save(update_fields=["seq", "digest"])
    return entry
