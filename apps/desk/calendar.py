"""When an instrument trades: the days of a calendar, and what a moment is in them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

ALWAYS = "24/7"
OPENING = timedelta(minutes=5)
"""A session's first quotes are those of its first minutes; later ones are no opening any more."""


class Phase(StrEnum):
    """PRE and POST are the extended hours: quotes come, and meet the orders that asked for those hours."""

    OPEN = "open"
    PRE = "pre"
    POST = "post"
    CLOSED = "closed"


class Trading(StrEnum):
    """What a quote may do to orders: the opening and the closing match are those that a calendar has."""

    CONTINUOUS = "continuous"
    OPENING = "opening"
    CLOSING = "closing"
    EXTENDED = "extended"
    SHUT = "shut"


EXTENDED_HOURS = frozenset({Phase.PRE, Phase.POST})


@dataclass(frozen=True, slots=True)
class Day:
    """One session, [opens_at, closes_at), and the extended hours around it. Aware, UTC."""

    date: date
    opens_at: datetime
    closes_at: datetime
    pre_at: datetime
    post_until: datetime
    is_early: bool = False


class Calendar(Protocol):
    """What the rules ask. Only a calendar that `has_hours` ever closes."""

    name: str
    has_hours: bool

    def upcoming(self, at: datetime) -> Day | None:
        """The session that an order placed then is for: the one running, else the next; None past the last known."""
        ...

    def running(self, at: datetime) -> Day | None:
        """The session that is open."""
        ...

    def latest(self, at: datetime) -> Day | None:
        """The newest session that has opened; None before the first known."""
        ...

    def ended(self, at: datetime) -> Day | None:
        """The newest session that is over."""
        ...

    def trading_day(self, at: datetime) -> Day | None:
        """The session that an order for extended hours too is for: until its after hours are over."""
        ...

    def over(self, at: datetime) -> Day | None:
        """The newest session whose after hours are over too."""
        ...

    def before(self, day: date) -> Day | None:
        """The session before that of the date."""
        ...

    def on(self, day: date) -> Day | None:
        """The session of the date."""
        ...

    def phase(self, at: datetime) -> Phase: ...

    def holiday(self, day: date) -> str:
        """The name of the holiday that closes it on the date; empty on any other day."""
        ...


class AroundTheClock:
    """Never closes. Its sessions are UTC days."""

    name = ALWAYS
    has_hours = False

    def upcoming(self, at: datetime) -> Day:
        return self.on(at.astimezone(UTC).date())

    running = latest = trading_day = upcoming

    def ended(self, at: datetime) -> Day:
        return self.before(at.astimezone(UTC).date())

    over = ended

    def before(self, day: date) -> Day:
        return self.on(day - timedelta(days=1))

    def on(self, day: date) -> Day:
        begins = datetime.combine(day, time(tzinfo=UTC))
        return Day(day, begins, begins + timedelta(days=1), begins, begins + timedelta(days=1))

    def phase(self, at: datetime) -> Phase:
        return Phase.OPEN

    def holiday(self, day: date) -> str:
        return ""


AROUND_THE_CLOCK = AroundTheClock()


class Exchange:
    """Opens and closes on the days given, oldest first. Raises ValueError for days that overlap."""

    has_hours = True

    def __init__(self, name: str, days: Sequence[Day], holidays: Mapping[date, str]) -> None:
        self.name, self.days, self.holidays = name, days, holidays
        self.opens = [day.opens_at for day in days]
        self.closes = [day.closes_at for day in days]
        self.ends = [day.post_until for day in days]
        self.dates = [day.date for day in days]
        bounds = [at for day in days for at in (day.pre_at, day.opens_at, day.closes_at, day.post_until)]
        if bounds != sorted(bounds):
            raise ValueError(f"the sessions of {name} overlap or are not in order")

    def upcoming(self, at: datetime) -> Day | None:
        return self.day(bisect_right(self.closes, at))

    def running(self, at: datetime) -> Day | None:
        day = self.upcoming(at)
        return day if day is not None and day.opens_at <= at else None

    def latest(self, at: datetime) -> Day | None:
        return self.day(bisect_right(self.opens, at) - 1)

    def ended(self, at: datetime) -> Day | None:
        return self.day(bisect_right(self.closes, at) - 1)

    def trading_day(self, at: datetime) -> Day | None:
        return self.day(bisect_right(self.ends, at))

    def over(self, at: datetime) -> Day | None:
        return self.day(bisect_right(self.ends, at) - 1)

    def before(self, day: date) -> Day | None:
        return self.day(bisect_left(self.dates, day) - 1)

    def on(self, day: date) -> Day | None:
        found = self.day(bisect_left(self.dates, day))
        return found if found is not None and found.date == day else None

    def day(self, index: int) -> Day | None:
        return self.days[index] if 0 <= index < len(self.days) else None

    def phase(self, at: datetime) -> Phase:
        coming, gone = self.upcoming(at), self.ended(at)
        if coming is not None and coming.pre_at <= at:
            return Phase.OPEN if coming.opens_at <= at else Phase.PRE
        return Phase.POST if gone is not None and at < gone.post_until else Phase.CLOSED

    def holiday(self, day: date) -> str:
        return self.holidays.get(day, "")


def trading_at(calendar: Calendar, now: datetime, quoted_at: datetime) -> Trading:
    """What a quote of that moment may do now: nothing while it is closed, and in a session, or in extended hours, none
    from before these."""
    if not calendar.has_hours:
        return Trading.CONTINUOUS
    phase, day = calendar.phase(now), calendar.trading_day(now)
    if phase is Phase.CLOSED or day is None:
        return Trading.SHUT
    began = {Phase.PRE: day.pre_at, Phase.OPEN: day.opens_at, Phase.POST: day.closes_at}[phase]
    if quoted_at < began:
        return Trading.SHUT
    if phase in EXTENDED_HOURS:
        return Trading.EXTENDED
    return Trading.OPENING if now < day.opens_at + OPENING else Trading.CONTINUOUS
