"""A part of what a figure of performance rests on: its trades, or sessions, of one symbol, day or weekday."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from apps.desk.performance_trades import NO_TAG, WEEKDAYS, by_day, by_direction, by_symbol, by_weekday
from apps.desk.trips import ClosedTrade
from apps.market.queries import symbol_now

from .basis import Row
from .trade_inputs import TRADE_INPUTS

TRADES: dict[str, Callable[[ClosedTrade], Collection[str]]] = {
    "symbol": lambda trade: [by_symbol(trade)],
    "day": lambda trade: [str(by_day(trade))],
    "weekday": lambda trade: [by_weekday(trade)],
    "direction": lambda trade: [by_direction(trade)],
    "tag": lambda trade: trade.tags or (NO_TAG,),
}
"""What a trade is of, as an address says it."""
SESSIONS: dict[str, Callable[[Row], str]] = {
    "day": lambda row: str(row.on),
    "weekday": lambda row: WEEKDAYS[row.on.weekday()],
}
OF_SYMBOL = ("symbol_realized", "symbol_pnl")
"""What each symbol earned, and all of them."""
BY = tuple(TRADES)


class Choice(NamedTuple):
    by: str
    of: str

    @property
    def in_words(self) -> str:
        """Behind the name of a figure."""
        if self.by == "tag":
            return f"tagged {self.of}" if self.of else "without a tag"
        words = {"weekday": f"on {self.of}s", "direction": f"of {self.of.lower()} trades"}
        return words.get(self.by, f"of {self.of}")

    def has(self, trade: ClosedTrade) -> bool:
        return self.of in TRADES[self.by](trade)

    def has_session(self, row: Row) -> bool:
        return self.of == SESSIONS[self.by](row)


def may_be_chosen(key: str, by: str) -> bool:
    """Whether that figure can be had of such a part."""
    if key in OF_SYMBOL:
        return by == "symbol"
    return by in (TRADES if key in TRADE_INPUTS else SESSIONS if key == "total_pnl" else ())


def choice_of(by: str, of: str) -> Choice | None:
    """None for all; what was called by a former symbol is what that is called now."""
    return Choice(by, symbol_now(of) if by == "symbol" else of) if by else None
