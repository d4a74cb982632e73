"""What operators do to sockets, each on record."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from apps.audit.changes import turned
from apps.audit.services import record
from apps.live.roster import Line, dismiss


@transaction.atomic
def close_sockets(lines: Collection[Line], by: Any) -> None:
    """Closes these. Who is signed in may come back: to keep somebody out, end the session or suspend the user."""
    names = dict(get_user_model().objects.filter(pk__in={one.user_id for one in lines}).values_list("pk", "username"))
    for one in lines:
        change = f"{turned('Socket', 'open', 'closed')}; Page: {one.page}; Since: {one.since:%Y-%m-%d %H:%M:%S}"
        record("socket.closed", by.username, {"user": names.get(one.user_id, ""), "id": one.seat, "change": change})
    transaction.on_commit(partial(dismiss, seats=[one.seat for one in lines]))


@transaction.atomic
def close_sockets_of(user: Any, count: int, by: Any) -> None:
    """All of the user's, also those that the list does not show; `count` is how many were seen."""
    change = turned("Sockets", f"{count} open", "closed")
    record("socket.closed", by.username, {"user": user.username, "change": change})
    transaction.on_commit(partial(dismiss, user_ids=[user.pk]))
