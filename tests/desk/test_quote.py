from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.instrument import Instrument, symbol_of

from .build import NOON, quote

MICROSECOND = timedelta(microseconds=1)


def test_mid_and_spread_lie_between_bid_and_ask():
    some = quote("AAPL 9.99/10.02")

    assert (some.mid, some.spread) == (Decimal("10.005"), Decimal("0.03"))


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("AAPL 9.99/10.01 last 10.00", "10.00"),
        ("AAPL 9.99/10.01 last 9.99", "9.99"),
        ("AAPL 9.99/10.01 last 12.00", "10.00"),
        ("AAPL 9.99/10.02 last 8.00", "10.005"),
    ],
)
def test_mark_is_the_last_trade_within_the_quote_else_the_middle(text, mark):
    assert quote(text).mark == Decimal(mark)


@given(st.integers(0, 4 * 10**15), st.integers(-12, 14))
def test_received_us_is_exact_in_every_zone(microseconds, hours):
    at = datetime(1970, 1, 1, tzinfo=UTC) + microseconds * MICROSECOND

    assert quote("AAPL 1/2", at.astimezone(timezone(timedelta(hours=hours)))).received_us == microseconds


@pytest.mark.parametrize(
    ("after", "age", "stale"),
    [
        (timedelta(0), 0, False),
        (timedelta(seconds=-3), 0, False),
        (timedelta(seconds=15), 15_000, False),
        (timedelta(seconds=15, microseconds=999), 15_000, False),
        (timedelta(seconds=15, milliseconds=1), 15_001, True),
        (timedelta(days=2), 172_800_000, True),
    ],
)
def test_quote_grows_stale_with_age(after, age, stale):
    """R-STALE: older than the limit is stale, at the limit is not."""
    some, now = quote("AAPL 9.99/10.01"), NOON + after

    assert (some.age_ms(now), some.is_stale(now, 15_000)) == (age, stale)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bid": Decimal("10.02")},
        {"bid": Decimal(0)},
        {"bid": Decimal(-1)},
        {"last": Decimal(0)},
        {"bid_size": Decimal(-1)},
        {"ask_size": Decimal("NaN")},
        {"bid": Decimal("NaN")},
        {"ask": Decimal("NaN")},
        {"last": Decimal("NaN")},
        {"venue_at": NOON.replace(tzinfo=None)},
        {"received_at": NOON.replace(tzinfo=None)},
    ],
)
def test_quote_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="AAPL"):
        replace(quote("AAPL 9.99/10.01"), **wrong)


def test_locked_market_is_a_quote():
    assert quote("AAPL 10/10").spread == 0


@pytest.mark.parametrize(
    ("text", "symbol"), [("aapl", "AAPL"), (" brk.b ", "BRK.B"), ("BTC/USD", "BTC/USD"), ("A" * 32, "A" * 32)]
)
def test_symbol_is_spelled_one_way(text, symbol):
    assert symbol_of(text) == symbol


@pytest.mark.parametrize("text", ["", " ", ".A", "A B", "A" * 33, "<script>", "ÄPL", "ı", "AAPL\n;", "𝟙"])
def test_text_that_is_no_symbol_is_refused(text):
    with pytest.raises(ValueError, match="is not a symbol"):
        symbol_of(text)


def test_instrument_trades_in_usd_unless_said():
    assert Instrument("AAPL", Decimal("0.01"), Decimal(1)).currency == "USD"
