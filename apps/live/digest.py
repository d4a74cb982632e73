"""What a page missed while it was away, in one toast: more than a few at once would be a flood."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.loader import get_template
from django.utils import timezone

from .models import Event
from .moments import micros

MOST = 5
AWAY = timedelta(seconds=10)  # two polls: what a polling page gets at once that is newer, it did not miss


@dataclass(frozen=True)
class Words:
    """How a family counts: `3 orders filled, 2 cancelled`. `subject` names the fact that tells one thing from another,
    of which only the newest event counts; without it each event does."""

    one: str
    many: str
    outcomes: dict[str, str]
    subject: str = ""


@dataclass(frozen=True)
class Digest:
    """`toasts` in number, from after the event `after` up to the event `upto`, in words."""

    after: int
    upto: int
    toasts: int
    since: datetime
    at: datetime
    words: str


_words: dict[str, Words] = {}


def digest_words(family: str, words: Words) -> None:
    """How toasts of the kinds `family.*` are counted; `outcomes` are the words by what follows the point."""
    _words[family] = words


def digest_of(stream: str, after: int, upto: int) -> Digest | None:
    """Of the toasts between the two numbers; None where they are few enough to be shown each."""
    toasts = Event.objects.filter(stream__name=stream, toast=True, seq__gt=after, seq__lte=upto)
    rows = list(toasts.order_by("seq").values_list("kind", "facts", "at"))
    if len(rows) <= MOST:
        return None
    return Digest(after, upto, len(rows), rows[0][2], rows[-1][2], counted([(kind, facts) for kind, facts, _ in rows]))


def was_away(digest: Digest) -> bool:
    """Whether the first of what was missed is older than what a polling page gets anyway."""
    return timezone.now() - digest.since > AWAY


def counted(events: list[tuple[str, dict[str, str]]]) -> str:
    """The events in words, in the order of their families' words; what has none comes last."""
    parts, others = [], 0
    families: dict[str, dict[str, str]] = {family: {} for family in _words}
    for number, (kind, facts) in enumerate(events):
        family, _, what = kind.partition(".")
        if family in _words:
            families[family][facts.get(_words[family].subject, "") or f"#{number}"] = what
        else:
            others += 1
    for family, newest in families.items():
        words, seen = _words[family], Counter(newest.values())
        told = [(seen.pop(what), outcome) for what, outcome in words.outcomes.items() if what in seen]
        others += seen.total()
        for place, (number, outcome) in enumerate(told):
            noun = (words.one if number == 1 else words.many) if place == 0 else ""
            parts.append(" ".join(filter(None, [str(number), noun, outcome])))
    if others:
        parts.append(f"{others} {'other' if others == 1 else 'others'}" if parts else f"{others} notifications")
    return ", ".join(parts)


def draw_digest(digest: Digest) -> str:
    """The toast that is pushed to pages instead of those it counts."""
    return get_template("live/_digest.html").render({"digest": digest, "ts": micros(digest.at)}).strip()
