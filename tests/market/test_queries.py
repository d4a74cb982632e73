from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.market import queries, services
from apps.market.feeds import Session
from apps.market.models import Instrument

from .build import NOON, bar, instrument, later, tick


@pytest.fixture
def listed(db: None) -> None:
    instrument("AAPL", "Apple Inc.")
    instrument("AA", "Alcoa Corporation")
    instrument("SPY", "SPDR S&P 500 ETF Trust")
    instrument("APLE", "Apple Hospitality REIT", tradable=False)
    instrument("XAA", "Something else")


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("aa", ["AA", "AAPL", "XAA"]),
        ("apple", ["AAPL"]),
        (" spy ", ["SPY"]),
        ("s&p", ["SPY"]),
        ("%", []),
        ("A\0", []),
        ("", []),
        ("   ", []),
        ("x" * 65, []),
    ],
)
def test_search_finds_symbols_and_names_best_first(listed: None, text: str, symbols: list[str]) -> None:
    assert [each.symbol for each in queries.search(text)] == symbols


def test_search_is_limited(db: None) -> None:
    for number in range(12):
        instrument(f"SIM{number:03}")

    assert len(queries.search("sim")) == 8


def test_instrument_that_is_unknown(db: None) -> None:
    with pytest.raises(Instrument.DoesNotExist):
        queries.instrument("NOPE")


def test_bars_end_with_the_last_quote_and_leave_another_feeds_time_out(db: None) -> None:
    instrument()
    saved = [bar("1 1 1 1", later(60 * minute)) for minute in range(5)]
    services.save_bars([*saved, bar("9 9 9 9", later(10**6))])
    assert queries.bars("AAPL", 3) == [bar("9 9 9 9", later(10**6))]

    services.save_quotes([tick("1", later(4 * 60 + 20))])

    assert queries.bars("AAPL", 3) == saved[2:]
    assert queries.bars("NOPE", 3) == []


def test_last_minutes_of_all_symbols_take_two_queries(db: None, django_assert_num_queries: Any) -> None:
    for symbol in ("AAPL", "MSFT"):
        instrument(symbol)
        services.save_bars([bar("1 1 1 1", symbol=symbol), bar("2 2 2 2", later(60), symbol)])

    with django_assert_num_queries(2):
        found, _ = queries.last_minutes(later(70), 1)

    assert sorted(each.symbol for each in found) == ["AAPL", "MSFT"]


DAY, OPENS, CLOSES = NOON.date(), NOON - timedelta(hours=3), NOON + timedelta(hours=4)


@pytest.mark.parametrize(
    ("at", "session", "ended"),
    [
        (NOON, Session(DAY, OPENS, CLOSES, True, ""), False),
        (NOON, Session(DAY, OPENS, CLOSES, False, "halted"), False),
        (CLOSES, Session(DAY, OPENS, CLOSES, True, "the last trades"), False),
        (CLOSES, Session(DAY, OPENS, CLOSES, False, "closed"), True),
        (NOON, Session(DAY + timedelta(days=1), OPENS, CLOSES, True, ""), True),
        (NOON, None, False),
        (CLOSES, None, True),
    ],
)
def test_session_on_record_ends_at_its_close_or_with_its_day(at, session, ended):
    state = queries.MarketStatus(is_open=True, session_date=DAY, opens_at=OPENS, closes_at=CLOSES)

    assert queries.has_ended(state, at, session) is ended


def test_no_session_has_not_ended():
    assert not queries.has_ended(queries.MarketStatus(), NOON)
