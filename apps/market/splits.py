"""Minutes of before a split, on a process's board, told in the shares of after it. On record they stay as traded."""

from __future__ import annotations

from datetime import datetime

from apps.desk.position import Split

from .bars import MinuteBar, in_new_shares, minute_of
from .quotes import board


def split_minutes(split: Split, at: datetime) -> list[MinuteBar]:
    """Once for each split. Gives back the minute that was being traded, as it was, where it is one of before."""
    symbol = split.symbol
    with board.lock:
        if (symbol, at) in board.splits:
            return []
        board.splits.add((symbol, at))
        for start, bar in board.minutes[symbol].items():
            board.minutes[symbol][start] = in_new_shares(bar, split)
        traded = board.bars.current.pop(symbol, None)
        if traded is None:
            return []
        if traded.start < minute_of(at):
            board.keep(in_new_shares(traded, split))
            return [traded]
        board.bars.current[symbol] = in_new_shares(traded, split)
        return []
