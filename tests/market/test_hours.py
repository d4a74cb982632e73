"""The table of New York's sessions: the library's own answers, clock changes, and the words for a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import pytest

from apps.market.hours import TABLES, calendar_named, exchange, in_words
from tools.calendars import FIRST, LAST, table

NEW_YORK = calendar_named("XNYS")
OF_THE_LIBRARY = "ignore:Series.values returning an ndarray"  # exchange_calendars with pandas 3.1


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.filterwarnings(OF_THE_LIBRARY)
def test_table_is_what_the_library_says() -> None:
    assert (TABLES / "xnys.csv").read_text() == table("XNYS", FIRST, LAST)


@pytest.mark.filterwarnings(OF_THE_LIBRARY)
def test_every_session_is_that_of_the_library() -> None:
    theirs = exchange_calendars.get_calendar("XNYS", start=str(FIRST), end=str(LAST)).schedule
    expected = [(at.date(), row.open.to_pydatetime(), row.close.to_pydatetime()) for at, row in theirs.iterrows()]

    assert [(day.date, day.opens_at, day.closes_at) for day in NEW_YORK.days] == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2026-03-06", "14:30", "21:00"),  # New York puts its clocks forward on the 8th
        ("2026-03-09", "13:30", "20:00"),
        ("2026-10-30", "13:30", "20:00"),  # and back on 1 November
        ("2026-11-02", "14:30", "21:00"),
        ("2026-11-27", "14:30", "18:00"),  # the day after Thanksgiving
    ],
)
def test_session_in_utc_follows_new_yorks_clock(day: str, opens: str, closes: str) -> None:
    session = NEW_YORK.on(date.fromisoformat(day))

    assert session is not None
    assert (f"{session.opens_at:%H:%M}", f"{session.closes_at:%H:%M}") == (opens, closes)
    assert session.is_early is (closes == "18:00")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-25T15:00", "Open, closes at 21:00 UTC"),
        ("2026-11-25T21:00", "After hours. Opens Fri 27 Nov 14:30 UTC, closes early at 18:00 UTC"),
        ("2026-11-26T15:00", "Closed for Thanksgiving. Opens Fri 27 Nov 14:30 UTC, closes early at 18:00 UTC"),
        ("2026-11-27T14:00", "Before hours. Opens Fri 27 Nov 14:30 UTC, closes early at 18:00 UTC"),
        ("2026-11-27T17:00", "Open, closes early at 18:00 UTC"),
        ("2026-11-28T12:00", "Closed. Opens Mon 30 Nov 14:30 UTC"),
        ("2031-01-02T12:00", "The calendar XNYS knows no session after 2 Jan 2031"),
    ],
)
def test_moment_in_words(at: str, words: str) -> None:
    assert in_words(NEW_YORK, utc(at)) == words


def test_words_are_in_the_zone_asked_for() -> None:
    words = in_words(NEW_YORK, utc("2026-11-28T12:00"), ZoneInfo("Europe/Berlin"))

    assert words == "Closed. Opens Mon 30 Nov 15:30 CET"


def test_unknown_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="'XLON' is no calendar; it must be one of 24/7, XNYS"):
        calendar_named("XLON")


def test_extended_hours_surround_an_early_close() -> None:
    made = exchange("XNYS", "2026-11-27,2026-11-27\n2026-11-27,13:00,Early close\n")

    [day] = made.days
    assert (day.pre_at, day.post_until) == (utc("2026-11-27T09:00"), utc("2026-11-27T22:00"))
    assert made.phase(day.post_until - timedelta(seconds=1)) == "post"
