from __future__ import annotations

import asyncio
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest

from apps.desk.quote import Quote
from apps.live import bus
from apps.market import services, wire
from apps.market.queries import MarketStatus
from apps.market.quotes import Board, Change, board

from .build import NOON, bar, instrument, later, tick

OPEN = MarketStatus(is_open=True, changed_at=NOON)


def test_board_keeps_the_newest_of_each_symbol() -> None:
    own = Board()
    for last, at, symbol in [("10", 0, "AAPL"), ("20", 1, "MSFT"), ("11", 2, "AAPL"), ("9", 1, "AAPL")]:
        own.put(tick(last, later(at), symbol))

    assert {symbol: quote.last for symbol, quote in own.quotes.items()} == {"AAPL": 11, "MSFT": 20}


@pytest.mark.parametrize(("before", "after", "way"), [("10", "11", "up"), ("11", "10", "down"), ("10", "10", "flat")])
def test_direction_is_against_the_quote_before(before: str, after: str, way: str) -> None:
    own = Board()
    own.put(tick(before))
    own.put(tick(after, later(1)))
    own.put(tick(after, later(1)))

    assert own.direction("AAPL") == way
    assert own.direction("MSFT") == "flat"


def test_latest_reads_what_the_desk_saved(db: None) -> None:
    instrument()
    services.save_quotes([tick("10")])

    found = board.latest("AAPL")

    assert found == Quote("AAPL", Decimal("9.99"), Decimal(10), Decimal(300), Decimal(500), Decimal(10), NOON, NOON)
    assert board.current_bars() == []


async def test_latest_does_not_read_on_an_event_loop() -> None:
    assert board.latest("AAPL") is None


def test_a_board_with_many_symbols_is_read_in_one_query(db: None, django_assert_num_queries: Any) -> None:
    for symbol in ("AAPL", "MSFT", "SPY"):
        instrument(symbol)

    with django_assert_num_queries(1):
        assert [board.latest(symbol) for symbol in ("AAPL", "MSFT", "SPY")] == [None] * 3


def test_change_counts_from_the_previous_close(db: None) -> None:
    instrument(previous_close=Decimal(8), session_open=Decimal(9))
    board.catch_up()
    board.put(tick("10"))

    assert board.previous_close("AAPL") == 8
    assert board.change("AAPL") == Change(Decimal(2), Decimal("0.25"), since_open=False)


def test_change_counts_since_open_without_a_previous_close(db: None) -> None:
    instrument(session_open=Decimal(8))
    board.catch_up()
    board.put(tick("10"))

    assert board.previous_close("AAPL") is None
    assert board.change("AAPL") == Change(Decimal(2), Decimal("0.25"), since_open=True)


def test_change_without_any_earlier_price_is_not_known(db: None) -> None:
    instrument()
    board.catch_up()
    board.put(tick("10"))

    assert board.change("AAPL") is None
    assert board.change("NOPE") is None


def test_spark_joins_saved_minutes_and_the_running_one(db: None) -> None:
    instrument()
    services.save_bars(bar(f"1 1 1 {close}", later(60 * close)) for close in range(1, 61))
    board.put(tick("7", later(61 * 60 + 5)))
    board.learn_minutes()

    board.put(tick("8", later(62 * 60)))

    assert board.spark("AAPL") == [*range(23, 61), 7, 8]
    assert board.spark("NOPE") == []


def test_spark_never_holds_more_than_forty_points() -> None:
    for minute in range(100):
        board.put(tick(str(minute + 1), later(60 * minute)))

    assert board.spark("AAPL") == list(range(61, 101))


def test_running_minute_goes_on_after_a_restart(db: None) -> None:
    instrument()
    services.save_bars([bar("10 15 5 12", volume=500)])

    board.learn_minutes(until=later(30))
    board.put(tick("11", later(31)))

    assert board.current_bar("AAPL") == bar("10 15 5 11", volume=600)


def test_running_minute_takes_in_what_the_desk_saw_of_it(db: None) -> None:
    instrument()
    services.save_bars([bar("10 15 5 12", volume=500)])
    board.put(tick("11", later(31)))

    board.learn_minutes()

    assert board.current_bar("AAPL") == bar("10 15 5 11", volume=500)


def test_quote_is_stale_only_while_the_market_is_open(settings: Any) -> None:
    settings.QUOTE_STALE_MS = 1000
    quote = tick("10")
    board.put(quote)
    closed = board.is_stale(quote, later(5))

    board.learn(OPEN)

    assert (closed, board.is_stale(quote, later(5)), board.is_stale(quote, later(1))) == (False, True, False)


@pytest.mark.parametrize("age_us", [0, 2_000_999, 2_001_000, 3_000_000, -5_000_000])
def test_quotes_are_old_as_each_is_stale(settings: Any, age_us: int) -> None:
    settings.QUOTE_STALE_MS = 2000
    board.status = MarketStatus(is_open=True)
    quote, now = tick("10"), later(age_us / 1_000_000)

    assert board.old([quote, None], now) == (quote.is_stale(now, 2000), True)
    assert board.is_stale(quote, now) == (quote.age_ms(now) > 2000)


def test_quote_is_said_to_be_newly_stale_once(settings: Any) -> None:
    """R-STALE: nothing moves when a feed falls silent, so the board names what to draw again."""
    settings.QUOTE_STALE_MS = 1000
    board.learn(OPEN)
    board.put(tick("10"))
    board.put(tick("20", later(3), "MSFT"))

    assert board.newly_stale(later(1)) == []
    assert board.newly_stale(later(3)) == ["AAPL"]
    assert board.newly_stale(later(3.5)) == []
    board.put(tick("10", later(4)))
    assert board.newly_stale(later(6)) == ["AAPL", "MSFT"]


def test_all_quotes_are_drawn_again_when_the_market_turns() -> None:
    board.put(tick("10"))

    board.learn(OPEN)

    assert (board.newly_stale(NOON), board.newly_stale(NOON)) == (["AAPL"], [])


def test_silence_of_the_feed_is_told_when_it_begins_and_ends(settings: Any) -> None:
    settings.QUOTE_STALE_MS = 1000
    board.learn(OPEN)
    board.put(tick("10"))
    told = [board.turned_silent(later(seconds)) for seconds in (0, 1, 2, 3)]

    board.put(tick("10", later(4)))

    assert told == [True, False, True, False]
    assert [board.turned_silent(later(4)), board.turned_silent(later(4))] == [True, False]
    assert board.live_since == later(4)


def test_board_holds_under_threads() -> None:
    def trade(symbol: str) -> None:
        for count in range(500):
            board.put(tick(str(count + 1), later(count), symbol))
            board.spark("S0")

    threads = [Thread(target=trade, args=[f"S{number % 2}"]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {symbol: quote.last for symbol, quote in board.quotes.items()} == {"S0": 500, "S1": 500}


def test_quote_survives_the_way_between_processes() -> None:
    sent = tick("10.01", received_at=later(0.123456))

    assert wire.unpack(wire.pack(sent)) == sent


async def test_published_batch_reaches_the_board_of_another_process() -> None:
    batches: list[Any] = []
    bus.attach(asyncio.get_running_loop())
    hear = batches.append
    bus.subscribe(wire.QUOTES, hear)
    sent = [tick("10"), tick("20", symbol="MSFT"), tick("11", later(60))]

    finished = wire.publish(sent)
    bus.unsubscribe(wire.QUOTES, hear)
    board.clear()
    wire.hear(wire.packed(batches[0]))

    assert finished == [bar("10 10 10 10", volume=100)]
    assert board.quotes == {"AAPL": sent[2], "MSFT": sent[1]}
