"""Who is connected, drawn: every open socket, or those of one user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.http import Http404
from django.utils import timezone

from apps.live.fragments import register
from apps.live.moments import micros
from apps.live.roster import MOST, Line

from .connections import Connected, connected
from .pages import Dashboard

CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Listed:
    """`rows` are sockets with their users; None for one who is gone."""

    at: datetime
    found: Connected
    rows: list[tuple[Line, Any]]


class Connections(Dashboard):
    """`connections/7:closing`: of user 7, or of all where none is named, and whether the reader may close them."""

    kind = "connections"
    template = "monitoring/_connections.html"

    def key_of(self, user: Any, params: Mapping[str, str]) -> str:
        of = params.get("user", "")
        if of and not (of.isascii() and of.isdecimal()):
            raise Http404("No such user")
        return f"{of}:{CLOSING if user.has_perm('accounts.change_user') else ''}"

    def load(self, key: str) -> Listed:
        at, found, user_id = timezone.now(), connected(), key.partition(":")[0]
        lines = [line for line in found.lines if user_id in {"", str(line.user_id)}]
        people = get_user_model().objects.in_bulk({line.user_id for line in lines})
        return Listed(at, found, [(line, people.get(line.user_id)) for line in lines])

    def context(self, key: str, facts: Listed) -> dict[str, Any]:
        user_id, _, closing = key.partition(":")
        return {
            "at": facts.at,
            "ts": micros(facts.at),
            "found": facts.found,
            "rows": facts.rows,
            "most": MOST,
            "user_id": user_id,
            "may_close": closing == CLOSING,
        }


register(Connections())
