"""What a trader keeps in sight, read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from sys import intern
from typing import Any

from django.db.models import Count, QuerySet

from apps.live.activity import last_told_each
from apps.live.known import Known
from apps.live.moments import micros
from apps.market.models import Instrument

from .models import WatchedSymbol, Watchlist

WELL_KNOWN = ("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "SPY")


@dataclass(frozen=True, slots=True)
class WatchedLine:
    """One line of a list; `id` is the line's, not the instrument's. A symbol's words are the same for all lists."""

    id: int
    symbol: str
    name: str

    @property
    def quote_topic(self) -> str:
        return intern(f"quote/{self.symbol}")

    @property
    def spark_topic(self) -> str:
        return intern(f"spark/{self.symbol}")


@dataclass(frozen=True)
class WatchlistView:
    """A list with its lines in the trader's order; `changed_us` is when its owner last changed anything."""

    id: int
    name: str
    lines: tuple[WatchedLine, ...]
    changed_us: int


@dataclass(frozen=True)
class ListTab:
    """A list by name, and how many symbols are on it."""

    id: int
    name: str
    count: int


def watchlist_view(watchlist_id: int) -> WatchlistView | None:
    """None when the list has been deleted."""
    return watchlist_views([watchlist_id]).get(watchlist_id)


def watchlist_views(watchlist_ids: Iterable[int]) -> dict[int, WatchlistView]:
    """The lists that there are, by id, in three queries."""
    rows = list(Watchlist.objects.select_related("user").filter(pk__in=list(watchlist_ids)))
    told = last_told_each(row.user_id for row in rows)
    lines: dict[int, list[WatchedLine]] = {row.pk: [] for row in rows}
    columns = ("watchlist_id", "id", "instrument__symbol", "instrument__name")
    watched = WatchedSymbol.objects.filter(watchlist__in=lines).order_by("rank", "id")
    for watchlist_id, line_id, symbol, name in watched.values_list(*columns):
        lines[watchlist_id].append(WatchedLine(line_id, intern(symbol), intern(name)))
    return {
        row.pk: WatchlistView(
            row.pk, row.name, tuple(lines[row.pk]), told.get(row.user_id) or micros(row.user.date_joined)
        )
        for row in rows
    }


def first_ids(user: Any) -> QuerySet[Watchlist, int]:
    return Watchlist.objects.filter(user=user).order_by("rank", "id").values_list("pk", flat=True)


first_list_id = Known("first_list", first_ids)


def tabs_of(user: Any) -> list[ListTab]:
    """The user's lists in their order."""
    rows = Watchlist.objects.filter(user=user).annotate(count=Count("symbols")).order_by("rank", "id")
    return [ListTab(row.pk, row.name, row.count) for row in rows]


def own_watchlist(user: Any, watchlist_id: int) -> Watchlist:
    """Raises Watchlist.DoesNotExist for anybody else's."""
    return Watchlist.objects.get(user=user, pk=watchlist_id)


def own_line(user: Any, line_id: int) -> WatchedSymbol:
    """Raises WatchedSymbol.DoesNotExist for anybody else's."""
    return WatchedSymbol.objects.select_related("watchlist", "instrument").get(watchlist__user=user, pk=line_id)


def starters() -> list[Instrument]:
    """Eight instruments that most people know, or as many as there are, filled up by symbol."""
    known = {row.symbol: row for row in Instrument.objects.filter(symbol__in=WELL_KNOWN, tradable=True)}
    found = [known[symbol] for symbol in WELL_KNOWN if symbol in known]
    others = Instrument.objects.filter(tradable=True).exclude(symbol__in=known).order_by("symbol")
    return found + list(others[: len(WELL_KNOWN) - len(found)])


def first_symbol(user: Any) -> str:
    """What the desk shows when no symbol is asked for; empty when nothing is watched and nothing is listed."""
    order = ("watchlist__rank", "watchlist_id", "rank", "id")
    watched = WatchedSymbol.objects.filter(watchlist__user=user).order_by(*order)
    symbol = watched.values_list("instrument__symbol", flat=True).first()
    if symbol is None:
        symbol = next((instrument.symbol for instrument in starters()), "")
    return symbol
