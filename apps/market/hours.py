"""The calendars that instruments keep, from the tables beside this file, and what a moment is in them, in words."""

from __future__ import annotations

from collections.abc import Iterator
from csv import reader
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from apps.desk.calendar import ALWAYS, AROUND_THE_CLOCK, Calendar, Day, Exchange, Phase

TABLES = Path(__file__).parent / "calendars"
NAMES = (ALWAYS, "XNYS")
NEW_YORK = ZoneInfo("America/New_York")
PRE, OPEN, CLOSE = time(4), time(9, 30), time(16)
POST = timedelta(hours=4)  # after the close, an early one too
SATURDAY = 5


@cache
def calendar_named(name: str) -> Calendar:
    """Reads a table once. Raises ValueError for a name that no calendar has."""
    if name == ALWAYS:
        return AROUND_THE_CLOCK
    if name not in NAMES:
        raise ValueError(f"{name!r} is no calendar; it must be one of {', '.join(NAMES)}")
    return exchange(name, (TABLES / f"{name.lower()}.csv").read_text())


def exchange(name: str, table: str) -> Exchange:
    """From the table: its first and last date, then each weekday without regular hours, its close if it has one, and
    why it is none. Regular hours are 09:30 to 16:00 in New York."""
    (first, last), *rows = [row for row in reader(table.splitlines()) if not row[0].startswith("#")]
    closes = {date.fromisoformat(day): time.fromisoformat(close) for day, close, _ in rows if close}
    holidays = {date.fromisoformat(day): why for day, close, why in rows if not close}
    days = [
        session(day, closes.get(day))
        for day in dates(date.fromisoformat(first), date.fromisoformat(last))
        if day.weekday() < SATURDAY and day not in holidays
    ]
    return Exchange(name, days, holidays)


def dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def session(day: date, early: time | None) -> Day:
    pre_at, opens_at, closes_at = (in_new_york(day, at) for at in (PRE, OPEN, early or CLOSE))
    return Day(day, opens_at, closes_at, pre_at, closes_at + POST, early is not None)


def in_new_york(day: date, at: time) -> datetime:
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)


def session_date_at(name: str, at: datetime) -> date | None:
    """The session that a trade of that moment counts to, one before hours to the day that they open; None where the
    calendar keeps no hours, or knows none."""
    calendar = calendar_named(name)
    early = calendar.phase(at) is Phase.PRE
    day = (calendar.upcoming(at) if early else calendar.latest(at)) if calendar.has_hours else None
    return day.date if day else None


def close_before(name: str, session_date: date | None) -> date | None:
    """The date of the session whose close the day of another counts from; None where the calendar keeps no hours."""
    day = day_before(name, session_date)
    return day.date if day else None


def day_before(name: str, session_date: date | None) -> Day | None:
    """That session itself."""
    calendar = calendar_named(name)
    return calendar.before(session_date) if calendar.has_hours and session_date else None


def in_words(calendar: Calendar, now: datetime, zone: tzinfo = UTC) -> str:
    """Open until when, or closed why and until when: Closed for Thanksgiving. Opens Fri 27 Nov 14:30 UTC, …"""
    day, phase = calendar.upcoming(now), calendar.phase(now)
    if day is None:
        return f"The calendar {calendar.name} knows no session after {now:%-d %b %Y}"
    closes = f"{'closes early at' if day.is_early else 'closes at'} {day.closes_at.astimezone(zone):%H:%M %Z}"
    if phase is Phase.OPEN:
        return f"Open, {closes}"
    opens = f"{day.opens_at.astimezone(zone):%a %-d %b %H:%M %Z}"
    if day.is_early:
        opens = f"{opens}, {closes}"
    if phase is Phase.CLOSED:
        shut = [calendar.holiday(each) for each in dates(now.astimezone(NEW_YORK).date(), day.date)]
        holiday = next(filter(None, shut), "")
        return f"Closed for {holiday}. Opens {opens}" if holiday else f"Closed. Opens {opens}"
    return f"{'Before' if phase is Phase.PRE else 'After'} hours. Opens {opens}"
