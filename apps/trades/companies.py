"""What companies do to their shares, in the memory of a desk's turn: its feed, its quotes, its books."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from apps.desk.instrument import Renamed
from apps.desk.position import Split
from apps.market import wire
from apps.market.feeds import Tick

from .closing import renamed_tick, split_tick
from .corporate import apply_next

if TYPE_CHECKING:
    from .engine import Desk


async def act_on_companies(desk: Desk, now: datetime) -> None:
    """What is due, one after the other; nothing is matched while it is booked."""
    venue_at = desk.feed.clock()
    while change := await desk.in_matching(apply_one, desk, now, venue_at):
        if tick := follow(desk, change, venue_at):
            desk.take([tick])


def apply_one(desk: Desk, now: datetime, venue_at: datetime) -> Split | Renamed | None:
    change = apply_next(now, venue_at)
    if isinstance(change, Renamed):
        desk.broker.rename(change)
    return change


def follow(desk: Desk, change: Split | Renamed, venue_at: datetime) -> Tick | None:
    """What is shown until the next trade: the last quote, split or under the new symbol."""
    if isinstance(change, Renamed):
        rename(desk, change)
        quote = desk.newest.get(change.new)
        return renamed_tick(quote, change, desk.clock()) if quote else None
    desk.feed.split(change.symbol, change.new, change.old)
    desk.finished += wire.tell_split(change, venue_at)
    quote = desk.newest.get(change.symbol)
    return split_tick(quote, change, venue_at, desk.clock()) if quote else None


def rename(desk: Desk, renamed: Renamed) -> None:
    """All that the turn has by the old symbol it has by the new one, quotes that came meanwhile too."""
    desk.feed.rename(renamed.old, renamed.new)
    wire.tell_renamed(renamed)
    for quotes in (desk.newest, desk.waiting, desk.unsaved, desk.closing.last):
        if quote := quotes.pop(renamed.old, None):
            quotes[renamed.new] = replace(quote, symbol=renamed.new)
    for bar in desk.finished:
        bar.symbol = renamed.new if bar.symbol == renamed.old else bar.symbol
