"""The numbers between an account's closed trades and each figure of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from apps.desk.money import ZERO
from apps.desk.trips import ClosedTrade

from .measure import Given, count

Trades = Sequence[ClosedTrade]


def win_rate(trades: Trades) -> Iterator[Given]:
    won, lost = won_by(trades), lost_by(trades)
    yield count("Trades that won", len(won))
    yield count("Trades that lost", len(lost))
    yield count("Trades that came out even", len(trades) - len(won) - len(lost))
    yield count("Closed trades", len(trades))


def won_by(trades: Trades) -> list[Decimal]:
    return [trade.net for trade in trades if trade.net > 0]


def lost_by(trades: Trades) -> list[Decimal]:
    return [trade.net for trade in trades if trade.net < 0]


def net_pnl(trades: Trades) -> Iterator[Given]:
    yield Given("What winners earned", sum(won_by(trades), ZERO), "usd")
    yield Given("What losers lost", sum(lost_by(trades), ZERO), "signed_usd")
    yield count("Closed trades", len(trades))


def profit_factor(trades: Trades) -> Iterator[Given]:
    yield Given("What winners earned", sum(won_by(trades), ZERO), "usd")
    yield Given("What losers lost", -sum(lost_by(trades), ZERO), "usd")


def expectancy(trades: Trades) -> Iterator[Given]:
    yield Given("Net P&L of all closed trades", sum((trade.net for trade in trades), ZERO), "signed_usd")
    yield count("Closed trades", len(trades))


def average_win(trades: Trades) -> Iterator[Given]:
    yield Given("What winners earned", sum(won_by(trades), ZERO), "usd")
    yield count("Trades that won", len(won_by(trades)))


def average_loss(trades: Trades) -> Iterator[Given]:
    yield Given("What losers lost", sum(lost_by(trades), ZERO), "signed_usd")
    yield count("Trades that lost", len(lost_by(trades)))


def average_holding(trades: Trades) -> Iterator[Given]:
    yield Given("Held in all", sum((trade.held for trade in trades), timedelta()), "exact")
    yield count("Closed trades", len(trades))


TRADE_INPUTS: dict[str, Callable[[Trades], Iterator[Given]]] = {
    "win_rate": win_rate,
    "net_pnl": net_pnl,
    "profit_factor": profit_factor,
    "expectancy": expectancy,
    "average_win": average_win,
    "average_loss": average_loss,
    "average_holding": average_holding,
}
