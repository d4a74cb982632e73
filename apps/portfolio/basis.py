"""What the figures of a span are worked out from: its closes, its days, and what they are measured by."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from apps.desk.performance import DayResult, Flow, day_results, returns_of
from apps.desk.performance_risk import Level, levels
from apps.market.queries import market_state

from .models import Account, SessionEquity
from .sessions import Record, load_record
from .yardsticks import Measure, measured_by

SPANS = {"1m": "1 month", "3m": "3 months", "ytd": "Year to date", "1y": "1 year", "all": "All"}
MONTHS = {"1m": 1, "3m": 3, "1y": 12}


class Row(NamedTuple):
    """One session: what it began and ended with (USD), what came from outside, what it earned, and where a dollar that
    was there from the start stands after it. `runs` while it has not closed."""

    on: date
    opening: Decimal
    flow: Decimal
    flows: tuple[Flow, ...]
    equity: Decimal
    pnl: Decimal
    gained: Decimal | None
    worth: Decimal
    below: Decimal
    runs: bool


@dataclass(frozen=True, slots=True)
class Basis:
    """`kept`: whether `measure` is that of the close it ends with, and not of today."""

    record: Record
    days: tuple[DayResult, ...]
    path: tuple[Level, ...]
    measure: Measure
    kept: bool

    @property
    def returns(self) -> list[Decimal]:
        return returns_of(self.days)

    @property
    def length(self) -> int:
        """In days of the calendar."""
        sessions = self.record.sessions
        return (sessions[-1].on - self.record.start).days if sessions else 0

    @property
    def rows(self) -> Iterator[Row]:
        """Oldest first."""
        opening, closed = self.record.opening, self.record.closed
        for number, session in enumerate(self.record.sessions):
            day, level = self.days[number], self.path[number + 1]
            amounts = session.flow, session.flows, session.equity, day.pnl, gained(day)
            yield Row(session.on, opening, *amounts, level.worth, level.below, number >= closed)
            opening = session.equity


def basis_of(account: Account, span: str, now: datetime, upto: SessionEquity | None = None) -> Basis:
    """From the last close before the span, or from the account's own beginning, until now or until the close `upto`.

    Raises KeyError for an unknown span.
    """
    state = market_state()
    today = upto.session_date if upto else state.session_date
    record = load_record(account, begin_of(span, today or now.date()), today, now, upto)
    days = day_results(record.sessions, record.opening)
    kept = kept_with(upto) if upto else None
    return Basis(
        record=record,
        days=tuple(days),
        path=tuple(levels(record.start, days)),
        measure=kept or measured_by(state),
        kept=kept is not None,
    )


def kept_with(close: SessionEquity) -> Measure | None:
    if close.risk_free is None or close.sessions_a_year is None:
        return None
    return Measure(close.risk_free, close.sessions_a_year)


def begin_of(span: str, today: date) -> date | None:
    """The day whose close a span is counted from; None: all there is. Raises KeyError for an unknown span."""
    if span == "all":
        return None
    if span == "ytd":
        return date(today.year - 1, 12, 31)
    months = today.year * 12 + today.month - 1 - MONTHS[span]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def gained(day: DayResult) -> Decimal | None:
    return next(iter(returns_of([day])), None)
