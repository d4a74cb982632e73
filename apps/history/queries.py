"""What is over, by account and as asked for: closed trades, orders, fills and bookings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from apps.desk.trips import ClosedTrade
from apps.portfolio.closed import FILLS, closed_trades
from apps.portfolio.models import Journal, LedgerEntry
from apps.trades.models import Fill, Order

from .asked import Asked
from .models import TradeNote

M = TypeVar("M", bound=Model)


def trades(account_id: int, asked: Asked) -> Iterator[ClosedTrade]:
    """In the order they were closed, without their stops and tags."""
    found = (trade for _, trade in closed_trades(account_id, asked.symbol) if asked.covers(trade.closed_at))
    if asked.direction:
        found = (trade for trade in found if trade.is_short == (asked.direction == "short"))
    if asked.tag:
        tagged = {name for name, tags in tags_of_trades(account_id).items() if asked.tag in tags}
        found = (trade for trade in found if trade.opened_by in tagged)
    return found


def tags_of_trades(account_id: int) -> dict[str, tuple[str, ...]]:
    """Each tagged trade's tags, by the execution that opened it."""
    notes = TradeNote.objects.filter(account_id=account_id).exclude(tags="")
    return {note.opened_by: note.each_tag for note in notes}


def own_tags(account_id: int) -> list[str]:
    """Every tag that the trader has given."""
    return sorted({tag for tags in tags_of_trades(account_id).values() for tag in tags})


def detailed(account_id: int, found: Iterable[ClosedTrade]) -> list[ClosedTrade]:
    """The trades with the stop losses that the orders which opened them brought, their tags and notes; two queries."""
    rows = list(found)
    names = [trade.opened_by for trade in rows]
    fills = Fill.objects.filter(exec_id__in=names, order__stop_loss__isnull=False)
    stops = dict(fills.values_list("exec_id", "order__stop_loss"))
    notes = {note.opened_by: note for note in TradeNote.objects.filter(account_id=account_id, opened_by__in=names)}
    stopped = (trade.stopped_at(stops.get(trade.opened_by)) for trade in rows)
    return [noted(trade, notes.get(trade.opened_by)) for trade in stopped]


def noted(trade: ClosedTrade, note: TradeNote | None) -> ClosedTrade:
    return replace(trade, tags=note.each_tag, note=note.note) if note else trade


def trade_of(account_id: int, opened_by: str) -> ClosedTrade | None:
    """The account's closed trade that this execution opened."""
    first = Journal.objects.filter(account_id=account_id, ref=opened_by.replace("\0", ""), kind__in=FILLS)
    symbol = first.values_list("instrument__symbol", flat=True).first()
    own = closed_trades(account_id, symbol) if symbol else ()
    found = next((trade for _, trade in own if trade.opened_by == opened_by), None)
    return detailed(account_id, [found])[0] if found else None


def has_trade(account_id: int, opened_by: str) -> bool:
    return trade_of(account_id, opened_by) is not None


def note_of(account_id: int, opened_by: str) -> TradeNote | None:
    return TradeNote.objects.filter(account_id=account_id, opened_by=opened_by).first()


def orders(account_id: int, asked: Asked) -> QuerySet[Order]:
    """By when they were sent."""
    own = Order.objects.filter(account_id=account_id).select_related("instrument", "then__instrument")
    return narrowed(own, asked, symbol="instrument__symbol", side="side", at="created_at")


def fills(account_id: int, asked: Asked) -> QuerySet[Fill]:
    own = Fill.objects.filter(order__account_id=account_id).select_related("order__instrument")
    return narrowed(own, asked, symbol="order__instrument__symbol", side="order__side", at="at")


def journals(account_id: int, asked: Asked) -> QuerySet[Journal]:
    own = Journal.objects.filter(account_id=account_id).select_related("instrument")
    return narrowed(own, asked, symbol="instrument__symbol", at="at", kind="kind")


def entries(account_id: int, asked: Asked) -> QuerySet[LedgerEntry]:
    """The lines of these bookings."""
    own = LedgerEntry.objects.filter(journal__account_id=account_id).select_related("journal__instrument")
    return narrowed(own, asked, symbol="journal__instrument__symbol", at="journal__at", kind="journal__kind")


def narrowed(
    rows: QuerySet[M], asked: Asked, *, symbol: str, at: str, side: str = "side", kind: str = "kind"
) -> QuerySet[M]:
    wanted: dict[str, Any] = {
        symbol: asked.symbol,
        side: asked.side,
        kind: asked.kind,
        f"{at}__gte": asked.begins_at,
        f"{at}__lte": asked.ends_at,
    }
    return rows.filter(**{name: value for name, value in wanted.items() if value})
