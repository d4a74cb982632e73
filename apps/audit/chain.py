"""What an entry's digest is, and whether the chain of them is whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256

from .models import Entry, Head

HEAD = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken_at` is the first number at which the log is not what was written; "" in `why` where it is whole."""

    entries: int
    broken_at: int | None = None
    why: str = ""


def digest_of(entry: Entry, before: str) -> str:
    """SHA-256 over the digest before and all of the entry, as JSON with sorted names and UTC to the microsecond."""
    said = {
        "before": before,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": entry.kind,
        "actor": entry.actor,
        "facts": entry.facts,
    }
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def verify() -> Verdict:
    """Reads the head before the entries: what is added meanwhile comes after it. The newest entry it reads before
    the head, which was written with it and is never behind it."""
    newest = Entry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    head = Head.objects.filter(pk=HEAD).first() or Head()
    digest, seq = "", 0
    for entry in Entry.objects.filter(seq__lte=head.seq).order_by("seq").iterator(2000):
        if entry.seq != seq + 1:
            return Verdict(seq, seq + 1, f"entry {seq + 1} is missing")
        if entry.digest != digest_of(entry, digest):
            return Verdict(seq, entry.seq, f"entry {entry.seq} is not what was written")
        seq, digest = entry.seq, entry.digest
    if seq != head.seq:
        return Verdict(seq, seq + 1, f"the log ends at {seq}; {head.seq} entries were written")
    if newest > seq:
        return Verdict(seq, seq + 1, f"the log goes on to {newest}; {head.seq} entries were written")
    if digest != head.digest:
        return Verdict(seq, seq, "the end of the log is not what was written last")
    return Verdict(seq)
