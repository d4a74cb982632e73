"""A list, drawn; the quotes and sparklines inside move by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from apps.live.fragments import Fragment, register
from apps.live.kinds import event_kinds
from apps.live.moments import now_us

from .queries import WatchlistView, watchlist_views

event_kinds("watchlist", {"changed": "a list has other symbols, another order or another name"})


class WatchlistFragment(Fragment):
    """`watchlist/7`: the lines of list 7."""

    kind = "watchlist"
    template = "watchlist/_watchlist.html"

    def load_many(self, keys: Sequence[str]) -> dict[str, WatchlistView | None]:
        views = watchlist_views(map(int, keys))
        return {key: views.get(int(key)) for key in keys}

    def contains(self, facts: WatchlistView | None) -> Iterable[str]:
        lines = facts.lines if facts else ()
        return [topic for line in lines for topic in (line.quote_topic, line.spark_topic)]

    def context(self, key: str, facts: WatchlistView | None) -> dict[str, Any]:
        return {
            "id": f"watchlist-{key}",
            "watchlist": facts,
            "ts": facts.changed_us if facts else now_us(),
        }


register(WatchlistFragment())
