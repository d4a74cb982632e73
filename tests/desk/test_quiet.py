"""Quiet hours by the wall's clock, over midnight and over the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.quiet import QuietHours, rings

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7), BERLIN)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes))
CLOCKS = st.integers(0, 24 * 4 - 1).map(lambda quarters: time(quarters // 4, quarters % 4 * 15))


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-01-10T20:59:59Z", "2026-01-10T20:59:59Z"),
        ("2026-01-10T21:00:00Z", "2026-01-11T06:00:00Z"),
        ("2026-01-11T05:59:59Z", "2026-01-11T06:00:00Z"),
        ("2026-01-11T06:00:00Z", "2026-01-11T06:00:00Z"),
        ("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),  # the night in which an hour is left out
    ],
)
def test_what_is_within_waits_for_the_morning(moment: str, until: str) -> None:
    assert NIGHT.after(datetime.fromisoformat(moment)) == datetime.fromisoformat(until)


@given(MOMENTS, CLOCKS, CLOCKS, st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]))
def test_nobody_is_told_before_it_happened_nor_a_day_late(moment: datetime, start: time, end: time, zone: str) -> None:
    quiet = QuietHours(start, end, ZoneInfo(zone))

    told = quiet.after(moment)

    assert moment <= told <= moment + timedelta(hours=25)
    assert (told == moment) or quiet.hold(moment)


def test_rings_grow_apart_and_none_is_at_night() -> None:
    first = datetime(2026, 1, 10, 20, 30, tzinfo=UTC)

    found = rings(first, (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=4)), NIGHT)

    morning = datetime(2026, 1, 11, 6, tzinfo=UTC)
    assert found == [first, first + timedelta(minutes=5), morning, morning + timedelta(hours=4)]
    assert rings(first, (timedelta(minutes=5),), None) == [first, first + timedelta(minutes=5)]
