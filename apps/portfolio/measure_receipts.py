"""How a figure of performance was made: its value, the numbers before it, and the sessions or trades they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from apps.desk.money import ZERO
from apps.desk.performance_words import Figure, figures
from apps.desk.trips import ClosedTrade
from apps.market.quotes import board

from .basis import Basis, Row, basis_of
from .bookings import Booking
from .choices import Choice
from .closed import closed_within, measured_of, with_tags
from .inputs import INPUTS, pnl_of_sessions
from .measure import Given, Measured, name_of
from .models import Account, SessionEquity
from .performance import measured
from .receipt_lines import FIGURES
from .receipts import Asked, Price, receipt_of
from .trade_inputs import TRADE_INPUTS

MEASURES: dict[str, Figure] = {name_of(key): figures[key] for key in (*INPUTS, *TRADE_INPUTS)}
"""By what they are called in an address; that there is a benchmark is a setting."""
NO_PAST = {
    "benchmark-return": (
        "What the benchmark had come to by then is not kept: a dividend of it may be entered after its ex-date"
    )
}
NO_PAST_OF_TAGS = "Tags are given and taken away at any time: which of them a trade had by then is not kept"


@dataclass(frozen=True, slots=True)
class MeasureReceipt:
    """`rows` are what `rows_are` says, the newest first; there are none of what only sums up other figures."""

    measured: Measured
    inputs: tuple[Given, ...]
    basis: Basis
    rows: Sequence[Row] | Sequence[ClosedTrade] | Sequence[Booking] | Sequence[SessionEquity]
    rows_are: Literal["sessions", "trades", "bookings", "closes", ""]
    prices: tuple[Price, ...] = ()
    to_now: bool = False
    """Whether it counts what came after the close that its span ends with."""

    @property
    def close(self) -> SessionEquity | None:
        """As of which it is; None: as of now."""
        return None if self.to_now else self.basis.record.ends_with

    @property
    def rests_on_prices(self) -> bool:
        return self.rows_are not in ("trades", "bookings")

    @property
    def stale_share(self) -> Decimal | None:
        """What of the newest equity rests on old or missing prices."""
        return self.basis.record.stale_share if self.rests_on_prices else None


def measure_receipt_of(
    key: str, account: Account, span: str, now: datetime, upto: SessionEquity | None, part: Choice | None = None
) -> MeasureReceipt:
    """The value is the one that the performance page shows: both take it from `measured` or `measured_of`. Of a part
    it is what its rows there add up to.

    Raises KeyError for a figure that the desk does not measure.
    """
    basis = basis_of(account, span, now, upto)
    if key in TRADE_INPUTS:
        reach = (upto.last_journal_id or 0) if upto else None
        trades = chosen(account.pk, closed_within(account.pk, basis.record.after, reach), part)
        figure, inputs = of_key(key, measured_of(trades)), tuple(TRADE_INPUTS[key](trades))
        return MeasureReceipt(figure, inputs, basis, trades[::-1], rows_are="trades", to_now=upto is None)
    rows = tuple(row for row in basis.rows if part is None or part.has_session(row))[::-1]
    if part is None:
        figure, inputs = of_key(key, measured(basis)), tuple(INPUTS[key](basis))
    else:
        figure, inputs = of_sessions(rows), tuple(pnl_of_sessions(rows))
    return MeasureReceipt(figure, inputs, basis, rows, rows_are="sessions", prices=prices_of(account, basis))


def chosen(account_id: int, trades: list[ClosedTrade], part: Choice | None) -> list[ClosedTrade]:
    if part is None:
        return trades
    known = with_tags(account_id, trades) if part.by == "tag" else trades
    return [trade for trade in known if part.has(trade)]


def of_sessions(rows: Sequence[Row]) -> Measured:
    return Measured(figures["total_pnl"], sum((row.pnl for row in rows), ZERO) if rows else None)


def of_key(key: str, found: Sequence[Measured]) -> Measured:
    return {each.figure.key: each for each in found}[key]


def prices_of(account: Account, basis: Basis, symbol: str = "") -> tuple[Price, ...]:
    """Those that the worth of all shares, or of one symbol's, rests on while the session runs; of a close only what
    they came to is kept."""
    view = basis.record.view
    return receipt_of(FIGURES["market-value"], Asked(account, view, board, symbol, None)).prices if view else ()
