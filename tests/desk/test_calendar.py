"""Sessions, extended hours and what a quote may do at a moment, on days written down by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.desk.calendar import OPENING, AroundTheClock, Day, Exchange, Phase, Trading, trading_at

MS = timedelta(milliseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(opens: str, closes: str, early: bool = False) -> Day:
    opens_at, closes_at = utc(opens), utc(closes)
    return Day(
        opens_at.date(), opens_at, closes_at, opens_at - timedelta(hours=5), closes_at + timedelta(hours=4), early
    )


WEDNESDAY = day("2026-11-25T14:30", "2026-11-25T21:00")
FRIDAY = day("2026-11-27T14:30", "2026-11-27T18:00", early=True)
MONDAY = day("2026-11-30T14:30", "2026-11-30T21:00")
EXCHANGE = Exchange("XNYS", [WEDNESDAY, FRIDAY, MONDAY], {date(2026, 11, 26): "Thanksgiving"})
CLOCK = AroundTheClock()


@pytest.mark.parametrize(
    ("at", "upcoming", "running", "latest", "ended"),
    [
        (WEDNESDAY.opens_at - MS, WEDNESDAY, None, None, None),
        (WEDNESDAY.opens_at, WEDNESDAY, WEDNESDAY, WEDNESDAY, None),
        (WEDNESDAY.closes_at - MS, WEDNESDAY, WEDNESDAY, WEDNESDAY, None),
        (WEDNESDAY.closes_at, FRIDAY, None, WEDNESDAY, WEDNESDAY),
        (utc("2026-11-26T15:00"), FRIDAY, None, WEDNESDAY, WEDNESDAY),
        (FRIDAY.closes_at - MS, FRIDAY, FRIDAY, FRIDAY, WEDNESDAY),
        (FRIDAY.closes_at + MS, MONDAY, None, FRIDAY, FRIDAY),
        (utc("2026-11-29T12:00"), MONDAY, None, FRIDAY, FRIDAY),
        (MONDAY.closes_at, None, None, MONDAY, MONDAY),
    ],
)
def test_moment_belongs_to_a_session(
    at: datetime, upcoming: Day | None, running: Day | None, latest: Day | None, ended: Day | None
) -> None:
    found = EXCHANGE.upcoming(at), EXCHANGE.running(at), EXCHANGE.latest(at), EXCHANGE.ended(at)

    assert found == (upcoming, running, latest, ended)


@pytest.mark.parametrize(
    ("at", "phase"),
    [
        ("2026-11-27T09:29:59", Phase.CLOSED),
        ("2026-11-27T09:30:00", Phase.PRE),
        ("2026-11-27T14:30:00", Phase.OPEN),
        ("2026-11-27T18:00:00", Phase.POST),
        ("2026-11-27T22:00:00", Phase.CLOSED),
        ("2026-11-26T15:00:00", Phase.CLOSED),
        ("2026-12-25T15:00:00", Phase.CLOSED),
    ],
)
def test_phases_of_a_half_day(at: str, phase: Phase) -> None:
    assert EXCHANGE.phase(utc(at)) == phase


@pytest.mark.parametrize(
    ("at", "trading_day", "over"),
    [
        (WEDNESDAY.closes_at, WEDNESDAY, None),
        (WEDNESDAY.post_until - MS, WEDNESDAY, None),
        (WEDNESDAY.post_until, FRIDAY, WEDNESDAY),
        (FRIDAY.pre_at - MS, FRIDAY, WEDNESDAY),
        (FRIDAY.closes_at + MS, FRIDAY, WEDNESDAY),
        (FRIDAY.post_until, MONDAY, FRIDAY),
        (MONDAY.post_until, None, MONDAY),
    ],
)
def test_with_its_extended_hours_a_session_is_longer(at: datetime, trading_day: Day | None, over: Day | None) -> None:
    assert (EXCHANGE.trading_day(at), EXCHANGE.over(at)) == (trading_day, over)


def test_session_is_found_by_its_date() -> None:
    assert EXCHANGE.on(date(2026, 11, 26)) is None
    assert EXCHANGE.holiday(date(2026, 11, 26)) == "Thanksgiving"
    assert (EXCHANGE.on(FRIDAY.date), EXCHANGE.before(FRIDAY.date)) == (FRIDAY, WEDNESDAY)
    assert (EXCHANGE.before(WEDNESDAY.date), EXCHANGE.before(date(2026, 11, 28))) == (None, FRIDAY)


def test_days_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap or are not in order"):
        Exchange("XNYS", [FRIDAY, WEDNESDAY], {})


@pytest.mark.parametrize(
    ("now", "quoted_at", "trading"),
    [
        (FRIDAY.pre_at - MS, FRIDAY.pre_at - MS, Trading.SHUT),
        (FRIDAY.pre_at, FRIDAY.pre_at - MS, Trading.SHUT),
        (FRIDAY.pre_at, FRIDAY.pre_at, Trading.EXTENDED),
        (FRIDAY.opens_at - MS, FRIDAY.opens_at - MS, Trading.EXTENDED),
        (FRIDAY.opens_at, FRIDAY.opens_at - MS, Trading.SHUT),
        (FRIDAY.opens_at, FRIDAY.opens_at, Trading.OPENING),
        (FRIDAY.opens_at + OPENING, FRIDAY.opens_at, Trading.CONTINUOUS),
        (FRIDAY.closes_at - MS, FRIDAY.closes_at - MS, Trading.CONTINUOUS),
        (FRIDAY.closes_at, FRIDAY.closes_at - MS, Trading.SHUT),
        (FRIDAY.closes_at, FRIDAY.closes_at, Trading.EXTENDED),
        (FRIDAY.post_until - MS, FRIDAY.post_until - MS, Trading.EXTENDED),
        (FRIDAY.post_until, FRIDAY.post_until - MS, Trading.SHUT),
        (MONDAY.opens_at - MS, FRIDAY.post_until - MS, Trading.SHUT),
    ],
)
def test_quote_trades_within_its_own_hours_only(now: datetime, quoted_at: datetime, trading: Trading) -> None:
    assert trading_at(EXCHANGE, now, quoted_at) == trading
    assert trading_at(CLOCK, now, quoted_at) == Trading.CONTINUOUS


def test_session_may_go_over_midnight() -> None:
    """A night session, as futures have: the date is the day's, whatever UTC says."""
    night = Day(
        date(2026, 3, 3),
        utc("2026-03-02T23:00"),
        utc("2026-03-03T22:00"),
        utc("2026-03-02T23:00"),
        utc("2026-03-03T22:00"),
    )
    exchange = Exchange("night", [night], {})

    assert [exchange.running(utc(at)) for at in ("2026-03-02T23:59:59", "2026-03-03T00:00:01")] == [night, night]
    assert trading_at(exchange, utc("2026-03-03T00:00:01"), utc("2026-03-02T23:59:59")) == Trading.CONTINUOUS


def test_around_the_clock_a_session_is_a_utc_day() -> None:
    midnight = utc("2026-11-28T00:00")

    assert CLOCK.upcoming(midnight - MS).date == CLOCK.ended(midnight).date == date(2026, 11, 27)
    assert CLOCK.running(midnight) == CLOCK.latest(midnight) == CLOCK.trading_day(midnight)
    assert CLOCK.ended(midnight) == CLOCK.over(midnight)
    assert CLOCK.running(midnight) == CLOCK.on(date(2026, 11, 28))
    assert (CLOCK.phase(midnight), CLOCK.holiday(midnight.date()), CLOCK.has_hours) == (Phase.OPEN, "", False)
