"""What closed trades say of a way of trading: from their net results, times, symbols and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from .money import ZERO, cents
from .performance_words import figure, rounded
from .trips import ClosedTrade

NO_TAG = ""
DIRECTIONS = ("Long", "Short")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@figure("Win rate", "pct")
def win_rate(nets: Sequence[Decimal]) -> Decimal | None:
    """The share of closed trades that earned more than nothing after fees. One that came out even is no win.

    None before the first closed trade.

    Source: Investopedia, Win/Loss Ratio (wins over all trades).
    """
    return rounded(Decimal(sum(net > 0 for net in nets)) / len(nets)) if nets else None


@figure("Net P&L of closed trades", "signed_usd")
def net_pnl(nets: Sequence[Decimal]) -> Decimal | None:
    """What the closed trades earned in all, each after the fees of all its fills.

    None before the first closed trade.

    Source: MetaTrader 5, strategy report (total net profit).
    """
    return sum(nets, ZERO) if nets else None


@figure("Profit factor", "number")
def profit_factor(nets: Sequence[Decimal]) -> Decimal | None:
    """What the winners earned over what the losers lost, after fees: above 1 the trading earns.

    None before the first loss: nothing can be divided by it.

    Source: TradeStation and MetaTrader 5, strategy reports (gross profit / gross loss).
    """
    lost = -sum((net for net in nets if net < 0), ZERO)
    return rounded(sum((net for net in nets if net > 0), ZERO) / lost) if lost else None


@figure("Expectancy", "signed_usd")
def expectancy(nets: Sequence[Decimal]) -> Decimal | None:
    """What a closed trade earned on average after fees: win rate × average win − loss rate × average loss, which is
    the mean of all results.

    None before the first closed trade.

    Source: Tharp, Trade Your Way to Financial Freedom (expectancy).
    """
    return cents(sum(nets, ZERO) / len(nets)) if nets else None


@figure("Average win", "signed_usd")
def average_win(nets: Sequence[Decimal]) -> Decimal | None:
    """What the trades that won earned on average, after fees.

    None before the first win.

    Source: MetaTrader 5, strategy report (average profit trade).
    """
    return expectancy([net for net in nets if net > 0])


@figure("Average loss", "signed_usd")
def average_loss(nets: Sequence[Decimal]) -> Decimal | None:
    """What the trades that lost lost on average, fees included; below zero.

    None before the first loss.

    Source: MetaTrader 5, strategy report (average loss trade).
    """
    return expectancy([net for net in nets if net < 0])


@figure("Average holding time", "duration")
def average_holding(trades: Sequence[ClosedTrade]) -> timedelta | None:
    """How long a closed trade was open on average, nights and closed markets included, to the second.

    None before the first closed trade.

    Source: MetaTrader 5, strategy report (average position holding time).
    """
    if not trades:
        return None
    total = sum((trade.closed_at - trade.opened_at for trade in trades), timedelta())
    return timedelta(seconds=round(total / len(trades) / timedelta(seconds=1)))


Key = Callable[[ClosedTrade], str | date]


def grouped(trades: Iterable[ClosedTrade], by: Key) -> dict[str | date, list[ClosedTrade]]:
    """The trades by what `by` says of each; every trade is in one group, so the groups' sums are the whole."""
    groups: dict[str | date, list[ClosedTrade]] = {}
    for trade in trades:
        groups.setdefault(by(trade), []).append(trade)
    return groups


def by_symbol(trade: ClosedTrade) -> str:
    return trade.symbol


def by_day(trade: ClosedTrade) -> date:
    """The day (UTC) that it was closed."""
    return trade.closed_at.date()


def by_weekday(trade: ClosedTrade) -> str:
    return WEEKDAYS[trade.closed_at.weekday()]


@figure("Long and short", "signed_usd")
def by_direction(trade: ClosedTrade) -> str:
    """A trade that was opened with a buy is long, one that was opened with a sale is short. Each counts with its net
    P&L; the two add up to all closed trades.

    None where no trade of that direction closed.

    Source: MetaTrader 5, strategy report (long trades and short trades, won %).
    """
    return DIRECTIONS[trade.is_short]


@figure("By tag", "signed_usd")
def by_tag(trades: Iterable[ClosedTrade]) -> dict[str, list[ClosedTrade]]:
    """Closed trades that were given the tag, each with its net P&L. One with two tags counts under both, so tags do
    not add up to the whole; what has none stands under No tag.

    None where no trade with the tag closed.

    Source: the trader's own tags, given under History.
    """
    groups: dict[str, list[ClosedTrade]] = {}
    for trade in trades:
        for tag in dict.fromkeys(trade.tags) or (NO_TAG,):
            groups.setdefault(tag, []).append(trade)
    return groups


def sums(groups: Mapping[str | date, Sequence[ClosedTrade]]) -> dict[str | date, Decimal]:
    """What each group earned (USD)."""
    return {key: sum((trade.net for trade in trades), ZERO) for key, trades in groups.items()}
