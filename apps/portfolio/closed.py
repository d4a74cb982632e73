"""Closed trades of an account, read from the journals of its fills, and what they say of the trading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import OuterRef

from apps.desk import ledger as books
from apps.desk.currency import ONE
from apps.desk.fill import Fill
from apps.desk.money import ZERO
from apps.desk.order import Side
from apps.desk.performance_trades import (
    DIRECTIONS,
    NO_TAG,
    WEEKDAYS,
    average_holding,
    average_loss,
    average_win,
    by_direction,
    by_symbol,
    by_tag,
    by_weekday,
    expectancy,
    grouped,
    net_pnl,
    profit_factor,
    win_rate,
)
from apps.desk.position import Split
from apps.desk.trips import ClosedTrade, Trips

from .measure import Measured, measures
from .models import Journal, LedgerEntry
from .queries import total

FILLS_AT_ONCE = 500
FILLS = ("buy", "sell")
"""The kinds of journal that an order's fill is booked as."""
MOVES = (*FILLS, "in_lieu", "split")
"""Those that change what is open: fills, what a split left over that was paid in cash, and splits."""


@dataclass(frozen=True, slots=True)
class Group:
    """Closed trades of one symbol or weekday: how many, the share that won, and what they earned (USD). `of` is what
    it is called in an address."""

    name: str
    trades: int
    won: Decimal | None
    net: Decimal
    of: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    figures: tuple[Measured, ...]
    symbols: tuple[Group, ...]
    weekdays: tuple[Group, ...]
    whole: Group
    directions: tuple[Group, ...] = ()
    tags: tuple[Group, ...] = ()
    """Empty where no trade has a tag; else the last is of those without one, if there are any."""


Tags = Callable[[int], Mapping[str, tuple[str, ...]]]
"""What an account's trades are called, by the execution that opened each."""
tagging: list[Tags] = []


def on_tags(tags: Tags) -> None:
    """Registers where tags are kept: in an app that stands above this one."""
    tagging.append(tags)


def moves_booked(account_id: int, symbol: str = "") -> Iterator[tuple[int, Fill | Split]]:
    """What changed the account's positions, with their journals' ids, in the order it was booked, a part at a time."""
    rows = Journal.objects.filter(account_id=account_id, kind__in=MOVES).order_by("id")
    if symbol:
        rows = rows.filter(instrument__symbol=symbol)
    fees = LedgerEntry.objects.filter(journal=OuterRef("pk"), book=books.COMMISSION)
    columns = rows.annotate(fee=total(fees, "journal", "amount")).values_list(
        "id",
        "ref",
        "instrument__symbol",
        "quantity",
        "price",
        "fee",
        "at",
        "corporate_action__new",
        "corporate_action__old",
        "kind",
        "currency",
        "rate",
    )
    last = 0
    while part := list(columns.filter(id__gt=last)[:FILLS_AT_ONCE]):
        for last, ref, name, quantity, price, fee, at, new, old, kind, currency, rate in part:
            if kind == "split":
                yield last, Split(name, new or 1, old or 1)
            else:
                side = Side.BUY if quantity > 0 else Side.SELL
                terms = side, abs(quantity), price or ZERO, fee
                yield last, Fill(ref, "", name, *terms, "", at, currency, ONE if rate is None else rate)


def closed_trades(account_id: int, symbol: str = "") -> Iterator[tuple[int, ClosedTrade]]:
    """The account's closed trades with the ids of the journals that closed them, in their order."""
    trips = Trips()
    for journal, move in moves_booked(account_id, symbol):
        if isinstance(move, Split):
            trips.split(move)
        elif trade := trips.take(move):
            yield journal, trade


def closed_within(account_id: int, after: int, upto: int | None = None) -> list[ClosedTrade]:
    """Those that journals after one, up to another, have closed; None: up to now."""
    found = closed_trades(account_id)
    return [trade for journal, trade in found if journal > after and (upto is None or journal <= upto)]


def with_tags(account_id: int, trades: Sequence[ClosedTrade]) -> list[ClosedTrade]:
    named = {opened_by: tags for kept in tagging for opened_by, tags in kept(account_id).items()}
    return [replace(each, tags=named.get(each.opened_by, ())) for each in trades]


def results_of(account_id: int, after: int) -> Results:
    """What the trades closed after a journal come to."""
    trades = with_tags(account_id, closed_within(account_id, after))
    symbols = sorted(groups(trades, by_symbol), key=lambda group: (-group.net, group.name))
    weekdays = sorted(groups(trades, by_weekday), key=lambda group: WEEKDAYS.index(group.name))
    directions = sorted(groups(trades, by_direction), key=lambda group: DIRECTIONS.index(group.name))
    whole = group_of("All", trades)
    tags = tuple(tag_groups(trades))
    return Results(measured_of(trades), tuple(symbols), tuple(weekdays), whole, tuple(directions), tags)


def measured_of(trades: Sequence[ClosedTrade]) -> tuple[Measured, ...]:
    """Every figure of closed trades, in the order they are read."""
    nets = [trade.net for trade in trades]
    return measures(
        {
            "win_rate": (win_rate(nets), f"{sum(net > 0 for net in nets)} of {len(nets)}" if nets else ""),
            "net_pnl": (net_pnl(nets), ""),
            "profit_factor": (profit_factor(nets), ""),
            "expectancy": (expectancy(nets), ""),
            "average_win": (average_win(nets), ""),
            "average_loss": (average_loss(nets), ""),
            "average_holding": (average_holding(trades), ""),
        }
    )


def tag_groups(trades: Sequence[ClosedTrade]) -> list[Group]:
    """The best first; what has no tag is last."""
    tagged = by_tag(trades)
    untagged = tagged.pop(NO_TAG, [])
    found = sorted((group_of(tag, own) for tag, own in tagged.items()), key=lambda group: (-group.net, group.name))
    return [*found, *([replace(group_of("No tag", untagged), of=NO_TAG)] if found and untagged else [])]


def groups(trades: Sequence[ClosedTrade], by: Callable[[ClosedTrade], str]) -> list[Group]:
    return [group_of(str(name), own) for name, own in grouped(trades, by).items()]


def group_of(name: str, trades: Sequence[ClosedTrade]) -> Group:
    nets = [trade.net for trade in trades]
    return Group(name, len(nets), win_rate(nets), sum(nets, ZERO), of=name)
