"""Time in force and the hours of an instrument: what is denied, until when, and whose turn a quote is."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.desk.book import Book
from apps.desk.calendar import AROUND_THE_CLOCK, Calendar, Trading
from apps.desk.matching import match
from apps.desk.risk import Denied
from apps.desk.sessions import check_hours, may_trade, session_of

from .build import NOON, order, quote
from .test_calendar import EXCHANGE, FRIDAY, MONDAY, MS, WEDNESDAY

AT_A_LIMIT = "Extended hours are for limit orders; a {} order waits for the open"
LASTING = "Extended hours are for day, gtc and gtd orders"


def denied(text: str, at: datetime, calendar: Calendar = EXCHANGE, zone: str = "UTC", **more: bool) -> str:
    answer = check_hours(order(text, **more), calendar, at, lambda: ZoneInfo(zone))
    return answer.message if isinstance(answer, Denied) else ""


@pytest.mark.parametrize("tif", ["", " gtc"])
def test_what_waits_is_taken_at_any_hour(tif: str) -> None:
    moments = (WEDNESDAY.opens_at, WEDNESDAY.closes_at, FRIDAY.opens_at - MS, FRIDAY.closes_at + MS)

    assert {denied(f"a: buy 1 AAPL{tif}", at) for at in moments} == {""}


@pytest.mark.parametrize("tif", ["ioc", "fok"])
def test_what_trades_at_once_is_taken_only_while_it_is_open(tif: str) -> None:
    text = f"a: buy 1 AAPL {tif}"

    assert denied(text, FRIDAY.closes_at - MS) == ""
    assert denied(text, FRIDAY.closes_at) == (
        "The market is closed, so nothing can trade at once; it opens Mon 30 Nov 14:30 UTC"
    )
    assert denied(text, FRIDAY.opens_at - MS, zone="Europe/Berlin").endswith("it opens Fri 27 Nov 15:30 CET")


@pytest.mark.parametrize(
    ("tif", "end", "words"),
    [
        (
            "opg",
            FRIDAY.opens_at - timedelta(minutes=2),
            "At the open was taken until Fri 27 Nov 14:28 UTC; it is taken again from Fri 27 Nov 18:00 UTC",
        ),
        (
            "cls",
            FRIDAY.closes_at - timedelta(minutes=10),
            "At the close was taken until Fri 27 Nov 17:50 UTC; it is taken again from Fri 27 Nov 18:00 UTC",
        ),
    ],
)
def test_open_and_close_are_taken_until_their_cut_off(tif: str, end: datetime, words: str) -> None:
    text = f"a: buy 1 AAPL {tif}"

    assert (denied(text, end - MS), denied(text, end)) == ("", words)
    assert (denied(text, FRIDAY.closes_at - MS), denied(text, FRIDAY.closes_at)) == (words, "")


def test_around_the_clock_there_is_no_open_and_no_close() -> None:
    assert denied("a: buy 1 AAPL opg", NOON, AROUND_THE_CLOCK) == "AAPL trades around the clock: it has no open"
    assert denied("a: buy 1 AAPL cls", NOON, AROUND_THE_CLOCK) == "AAPL trades around the clock: it has no close"
    assert denied("a: buy 1 AAPL ioc", NOON, AROUND_THE_CLOCK) == ""


def test_past_the_calendars_end_nothing_is_taken() -> None:
    assert denied("a: buy 1 AAPL", MONDAY.closes_at) == "The calendar of AAPL knows no session to come"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: buy 1 AAPL limit 10", ""),
        ("a: buy 1 AAPL limit 10 gtc", ""),
        ("a: buy 1 AAPL", AT_A_LIMIT.format("market")),
        ("a: buy 1 AAPL stop 10", AT_A_LIMIT.format("stop")),
        (
            "a: buy 1 AAPL stop 10 limit 11",
            AT_A_LIMIT.format("stop-limit"),
        ),
        ("a: sell 1 AAPL trail 1", AT_A_LIMIT.format("trailing stop")),
        *((f"a: buy 1 AAPL limit 10 {tif}", LASTING) for tif in ("ioc", "fok", "opg", "cls")),
    ],
)
def test_extended_hours_are_for_limits_that_can_wait(text: str, words: str) -> None:
    assert denied(text, FRIDAY.opens_at, extended_hours=True) == words


def test_around_the_clock_there_are_no_extended_hours() -> None:
    assert denied("a: buy 1 AAPL limit 10", NOON, AROUND_THE_CLOCK, extended_hours=True) == (
        "AAPL trades around the clock: it has no extended hours"
    )


def test_an_order_for_extended_hours_is_for_the_day_until_these_are_over() -> None:
    end = MONDAY.post_until

    assert (session_of(False, EXCHANGE, FRIDAY.closes_at), session_of(True, EXCHANGE, FRIDAY.closes_at)) == (
        MONDAY,
        FRIDAY,
    )
    assert denied("a: buy 1 AAPL limit 10", end - MS, extended_hours=True) == ""
    assert denied("a: buy 1 AAPL limit 10", end, extended_hours=True) == (
        "The calendar of AAPL knows no session to come"
    )


@pytest.mark.parametrize(
    ("at", "plain", "extended"),
    [
        (FRIDAY.pre_at - MS, False, False),
        (FRIDAY.pre_at, False, True),
        (FRIDAY.opens_at, True, True),
        (FRIDAY.closes_at, False, True),
        (FRIDAY.post_until, False, False),
    ],
)
def test_a_quote_must_be_fresh_where_it_could_fill(at: datetime, plain: bool, extended: bool) -> None:
    found = [may_trade(order("a: buy 1 AAPL limit 10", extended_hours=each), EXCHANGE, at) for each in (False, True)]

    assert found == [plain, extended]


ALL = [
    order(text)
    for text in ("day: buy 10 AAPL", "now: buy 10 AAPL ioc", "opg: buy 10 AAPL opg", "cls: buy 10 AAPL cls")
]


@pytest.mark.parametrize(
    ("trading", "filled", "killed"),
    [
        (Trading.SHUT, [], ()),
        (Trading.OPENING, ["day", "now", "opg"], ()),
        (Trading.CONTINUOUS, ["day", "now"], ("opg",)),
        (Trading.CLOSING, ["cls"], ()),
        (Trading.EXTENDED, [], ()),
    ],
)
def test_quote_meets_those_whose_turn_it_is(trading: Trading, filled: list[str], killed: tuple[str, ...]) -> None:
    result = match(ALL, quote("AAPL 9.99/10.01"), NOON, stale_ms=15_000, trading=trading)

    assert (sorted(each.order_id for each in result.executions), result.killed) == (filled, killed)


@pytest.mark.parametrize(
    ("trading", "killed"),
    [(Trading.OPENING, ("now", "opg")), (Trading.CLOSING, ("cls",))],
)
def test_what_the_opening_or_the_close_leaves_is_cancelled(trading: Trading, killed: tuple[str, ...]) -> None:
    orders = [order(text) for text in ("now: buy 10 AAPL ioc", "opg: buy 10 AAPL opg", "cls: buy 10 AAPL limit 9 cls")]

    assert match(orders, quote("AAPL 9.99/10.01 x9/9"), NOON, stale_ms=15_000, trading=trading).killed == killed


@pytest.mark.parametrize(
    ("trading", "killed"),
    [(Trading.OPENING, ("now",)), (Trading.CONTINUOUS, ("now", "opg")), (Trading.CLOSING, ("cls",))],
)
def test_opening_waits_for_a_fresh_quote_and_the_close_does_not(trading: Trading, killed: tuple[str, ...]) -> None:
    old = quote("AAPL 9.99/10.01", NOON - timedelta(minutes=1))
    result = match(ALL, old, NOON, stale_ms=15_000, trading=trading)

    assert (result.executions, result.killed) == ((), killed)


def test_book_keeps_orders_for_the_close_from_quotes() -> None:
    book = Book(ALL)

    assert {each.order_id for each in book.reached(quote("AAPL 9.99/10.01"))} == {"day", "now", "opg"}
    for each in ALL:
        book.put(each)
        book.take(each.order_id)
    assert (len(book), book.at_close, book.ready) == (0, set(), set())


def test_in_extended_hours_a_quote_meets_the_limits_that_asked_for_them() -> None:
    """R-ORDER: and elects no stop, whatever flag it has."""
    asked = [
        order(text, extended_hours=True)
        for text in (
            "limit: buy 10 AAPL limit 10.01",
            "away: buy 10 AAPL limit 10.00",
            "market: buy 10 AAPL",
            "stop: buy 10 AAPL stop 10",
            "both: buy 10 AAPL stop 10 limit 10.01",
        )
    ]
    orders = [*ALL, order("plain: buy 10 AAPL limit 10.01"), *asked]

    result = match(orders, quote("AAPL 9.99/10.01"), NOON, stale_ms=15_000, trading=Trading.EXTENDED)

    assert [each.order_id for each in result.executions] == ["limit"]
    assert (result.triggered, result.killed) == ((), ())


def test_stale_quote_fills_nothing_in_extended_hours() -> None:
    old = quote("AAPL 9.99/10.01", NOON - timedelta(minutes=1))
    asked = order("a: buy 10 AAPL limit 10.01", extended_hours=True)

    assert match([asked], old, NOON, stale_ms=15_000, trading=Trading.EXTENDED).executions == ()
