"""What a page that connects says it has, and so what it still needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from .cursor import seen_before
from .known import Known
from .models import Event, Stream
from .topics import DESK_STREAM, EVERYTHING, user_stream

MOST_EVENTS = 200


@dataclass(frozen=True)
class Arrival:
    """By stream: the number its toasts go on from (`cursors`), the last one there is (`newest`). `touched` are the
    topics that changed since the page was drawn; None: too many to tell."""

    cursors: dict[str, int]
    newest: dict[str, int]
    touched: frozenset[str] | None

    def has(self, topics: list[str]) -> list[str]:
        """Those of the page's topics that it shows as they are."""
        if self.touched is None or EVERYTHING in self.touched:
            return []
        return [topic for topic in topics if topic not in self.touched]


@dataclass(frozen=True)
class Numbers:
    """A stream's last number, and the one up to which nothing can be told any more."""

    seq: int = 0
    forgotten: int = 0


def numbers_of(streams: Collection[str]) -> dict[str, Numbers]:
    """Of the streams that anything ever happened in."""
    rows = Stream.objects.filter(name__in=streams).values_list("name", "seq", "forgotten")
    return {name: Numbers(seq, forgotten) for name, seq, forgotten in rows}


def of_stream(column: str, name: Callable[[Any], Any]) -> Known:
    def rows(user: Any) -> QuerySet[Any, int]:
        return Stream.objects.filter(name=name(user)).values_list(column, flat=True)

    return Known(f"{name.__name__}_{column}", rows)


def own_stream(user: Any) -> Concat:
    return Concat(Value(user_stream("")), Cast(user, CharField()))


def desk_stream(user: Any) -> str:
    return DESK_STREAM


OWN_SEQ, OWN_FORGOTTEN = of_stream("seq", own_stream), of_stream("forgotten", own_stream)
DESK_SEQ, DESK_FORGOTTEN = of_stream("seq", desk_stream), of_stream("forgotten", desk_stream)


def numbers_for(user: Any) -> dict[str, Numbers]:
    """Of the two streams that every page of the user follows."""
    own = Numbers(OWN_SEQ.of(user) or 0, OWN_FORGOTTEN.of(user) or 0)
    return {user_stream(user.pk): own, DESK_STREAM: Numbers(DESK_SEQ.of(user) or 0, DESK_FORGOTTEN.of(user) or 0)}


def arrival_of(own: str, params: Mapping[str, str], numbers: Mapping[str, Numbers]) -> Arrival | None:
    """Reads a socket's `since` (the last toast seen), `drawn` and `desk` (both streams' numbers when the page was
    drawn). What is not said is taken for now. None: a number never given out, or toasts forgotten since."""
    mine, desk_numbers = numbers.get(own, Numbers()), numbers.get(DESK_STREAM, Numbers())
    newest = {own: mine.seq, DESK_STREAM: desk_numbers.seq}
    forgotten = {own: mine.forgotten, DESK_STREAM: desk_numbers.forgotten}
    since = seen_before(params.get("since", str(newest[own])), newest[own])
    drawn = seen_before(params.get("drawn", str(newest[own])), newest[own])
    desk = seen_before(params.get("desk", str(newest[DESK_STREAM])), newest[DESK_STREAM])
    if since is None or drawn is None or desk is None or since < forgotten[own]:
        return None
    gaps = {own: drawn, DESK_STREAM: desk}
    touched: set[str] = set()
    for stream, number in gaps.items():
        if newest[stream] - number > MOST_EVENTS or number < forgotten[stream]:
            return Arrival({own: since, DESK_STREAM: newest[DESK_STREAM]}, newest, None)
        if newest[stream] > number:
            lists = Event.objects.filter(stream__name=stream, seq__gt=number).values_list("topics", flat=True)
            touched.update(*lists)
    return Arrival({own: since, DESK_STREAM: newest[DESK_STREAM]}, newest, frozenset(touched))
