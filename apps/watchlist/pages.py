"""What the watchlist page shows live: one list of who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404

from apps.live.pages import Page

from .models import Watchlist
from .queries import first_list_id, own_watchlist
from .services import default_watchlist


def asked_watchlist(user: Any, text: str) -> Watchlist:
    """The list that a request names by its number; the first one when it names none. Raises Http404."""
    if not text:
        return default_watchlist(user)
    try:
        return own_watchlist(user, int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0)
    except Watchlist.DoesNotExist:
        raise Http404("No such watchlist") from None


def default_watchlist_id(user: Any) -> int:
    """Of the user's first list; no query where the user was read with it."""
    return first_list_id.of(user) or default_watchlist(user).pk


class WatchlistPage(Page):
    """`?list=7` chooses the list."""

    name = "watchlist"

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        asked = params.get("list", "")
        return [f"watchlist/{asked_watchlist(user, asked).pk if asked else default_watchlist_id(user)}"]
