"""Every notification a trader got, and what of it is still unread; all tabs and devices share one mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, F, Max
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils.safestring import SafeString

from .announce import announce
from .fragments import Fragment
from .models import Event, ReadMark, Stream
from .moments import micros
from .pages import Page, stream_seq
from .toasts import line_of
from .topics import FAMILIES, notice_topics, user_stream

SHOWN = 100


@dataclass(frozen=True)
class Line:
    seq: int
    kind: str
    html: SafeString
    at: datetime
    unread: bool


@dataclass(frozen=True)
class Activity:
    """The newest notifications, unread ones first, and whether there are `more`; of those of every family how many are
    unread, and the newest number. `ts` is its time (µs)."""

    lines: list[Line]
    more: bool
    unread: int
    newest: int
    ts: int


def read_up_to(user_id: int) -> int:
    mark = ReadMark.objects.filter(stream__name=user_stream(user_id)).values_list("seq", flat=True).first()
    return mark or 0


def unread_each(user_ids: Iterable[int]) -> dict[int, int]:
    """How many notifications each of the users has not read, in one query."""
    users = {user_stream(user_id): user_id for user_id in user_ids}
    toasts = Event.objects.filter(stream__name__in=users, toast=True)
    marked = toasts.alias(read=Coalesce("stream__read_mark__seq", 0))  # an alias joins those without a mark too
    counts = marked.filter(seq__gt=F("read")).order_by().values_list("stream__name").annotate(Count("pk"))
    return dict.fromkeys(users.values(), 0) | {users[name]: count for name, count in counts}


def last_told(user_id: int) -> int:
    """When the user's newest event came to be (µs); when the user joined, if there is none.

    Asked before the facts are read, it is never newer than they are.
    """
    return last_told_or_joined([user_id])[user_id]


def last_told_or_joined(user_ids: Iterable[int]) -> dict[int, int]:
    """The same of many users. Not the moment of asking: a first event may have its time by then, uncommitted."""
    users = set(user_ids)
    told = last_told_each(users)
    if told.keys() == users:
        return told
    joined = get_user_model().objects.filter(pk__in=users - told.keys()).values_list("pk", "date_joined")
    return told | {user_id: micros(at) for user_id, at in joined}


def last_told_each(user_ids: Iterable[int]) -> dict[int, int]:
    """The same, in one query, of those only who were ever told anything."""
    users = {user_stream(user_id): user_id for user_id in user_ids}
    newest = Stream.objects.filter(name__in=users, seq__gt=0).values_list("name", "at")
    return {users[name]: micros(at) for name, at in newest}


def activity_of(user_id: int, family: str = "") -> Activity:
    """The last notifications of this family (all where it is empty)."""
    ts, read = last_told(user_id), read_up_to(user_id)
    toasts = Event.objects.filter(stream__name=user_stream(user_id), toast=True)
    events = toasts.filter(kind__startswith=f"{family}.") if family else toasts
    found = list(events.order_by("-seq")[: SHOWN + 1])
    lines = [Line(event.seq, event.kind, line_of(event), event.at, event.seq > read) for event in found[:SHOWN]]
    lines.sort(key=lambda line: not line.unread)
    unread = toasts.filter(seq__gt=read).aggregate(count=Count("pk"), newest=Max("seq"))
    return Activity(lines, len(found) > SHOWN, unread["count"], unread["newest"] or 0, ts)


def mark_read(user_id: int, seq: int) -> None:
    """Moves the mark forward to `seq`, never back and never past the last event; every tab's bell is told."""
    stream_name = user_stream(user_id)
    with transaction.atomic():
        stream, _ = Stream.objects.get_or_create(name=stream_name)
        mark, _ = ReadMark.objects.select_for_update().get_or_create(stream=stream)
        upto = min(seq, stream_seq(stream_name))
        if upto <= mark.seq:
            return
        mark.seq = upto
        mark.save(update_fields=["seq"])
        announce(stream_name, "activity.read", {"upto": upto}, topics=notice_topics(stream_name))


class Bell(Fragment):
    kind = "bell"
    template = "live/_bell.html"

    def load_many(self, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
        users = [int(key) for key in keys]
        told, unread = last_told_or_joined(users), unread_each(users)
        return {key: (unread[int(key)], told[int(key)]) for key in keys}

    def context(self, key: str, facts: tuple[int, int]) -> dict[str, Any]:
        return {"user_id": key, "unread": facts[0], "ts": facts[1]}


class ActivityList(Fragment):
    kind = "activity"
    template = "live/_activity.html"

    def load(self, key: str) -> Activity:
        user_id, _, family = key.partition(":")
        return activity_of(int(user_id), family)

    def context(self, key: str, facts: Activity) -> dict[str, Any]:
        return {"activity": facts, "family": key.partition(":")[2], "ts": facts.ts}


class ActivityPage(Page):
    name = "activity"

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        family = params.get("family", "")
        if family and family not in FAMILIES:
            raise Http404("No such family of notifications")
        return [f"activity/{user.pk}:{family}"]
