"""Time in force and the hours of an instrument: what is denied, until when, and whose turn a quote is."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.desk.book import Book
from apps.desk.calendar import AROUND_THE_CLOCK, Calendar, Trading
from apps.desk.matching import match
from apps.desk.risk import Denied
from apps.desk.sessions import check_hours

from .build import NOON, order, quote
from .test_calendar import EXCHANGE, FRIDAY, MONDAY, MS, WEDNESDAY


def denied(text: str, at: datetime, calendar: Calendar = EXCHANGE, zone: str = "UTC") -> str:
    answer = check_hours(order(text), calendar, at, lambda: ZoneInfo(zone))
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
