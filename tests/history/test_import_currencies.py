"""Fills of another broker in another currency: at the rate of their line, else at one that the desk knows of then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.desk.order import Side
from apps.desk.quote import Quote
from apps.market.models import Bar, Instrument
from apps.market.quotes import board
from apps.portfolio.models import Account, Journal, Position
from apps.trades.elsewhere import Elsewhere
from apps.trades.importing import import_fills, tried
from apps.trades.models import Fill

from .test_import import book, broken, rows_of_books, send

D = Decimal
AT = datetime(2026, 4, 2, 14, 30, 20, tzinfo=UTC)


def traded(pair: Instrument, start: datetime, close: str) -> None:
    Bar.objects.create(
        instrument=pair, start=start, volume=1, **dict.fromkeys(("open", "high", "low", "close"), D(close))
    )


def bought(at: datetime, line: int = 2, **more: Any) -> Elsewhere:
    return Elsewhere(line, f"k{line}", at, "SAP", Side.BUY, D(2), D("100.50"), D("1.00"), **more)


def test_fills_are_booked_at_the_rate_of_their_line(desk: Client, account: Account, euro: Instrument) -> None:
    """2 × 100.50 EUR at 1.10 are 221.10 USD, sold for 240 EUR at 1.20; fees are in USD."""
    cash = Account.objects.get(pk=account.pk).cash
    send(
        desk,
        "time,symbol,side,quantity,price,commission,currency,fx_rate\n"
        "2026-04-02 14:30,SAP,buy,2,100.50,1.00,EUR,1.10\n"
        "2026-04-02 15:30,SAP,sell,2,120.00,1.00,EUR,1.20\n",
    )

    page = desk.get("/history/import/").content.decode()
    assert book(desk).status_code == 302

    assert "100.50 EUR <small>at 1.10 USD</small>" in page
    entries = Journal.objects.filter(instrument__symbol="SAP").order_by("pk")
    assert [(row.currency, row.rate, row.local_amount) for row in entries] == [
        ("EUR", D("1.1"), D("-201")),
        ("EUR", D("1.2"), D("240")),
    ]
    assert list(Fill.objects.filter(policy="imported").order_by("at").values_list("rate", flat=True)) == [
        D("1.1"),
        D("1.2"),
    ]
    assert Position.objects.get(instrument__symbol="SAP").realized_pnl == 288 - D("221.10")
    assert Account.objects.get(pk=account.pk).cash - cash == D("64.90")
    assert broken() == {}


def test_without_a_rate_that_of_the_minutes_before_is_taken(account: Account, euro: Instrument) -> None:
    """Not the minute in which it was filled, which went on after it, and none that is older than five minutes."""
    traded(euro, datetime(2026, 4, 2, 14, 30, tzinfo=UTC), "1.30")
    traded(euro, datetime(2026, 4, 2, 14, 27, tzinfo=UTC), "1.12")
    traded(euro, datetime(2026, 4, 2, 14, 26, tzinfo=UTC), "1.11")

    assert import_fills(account, [bought(AT)], "a file") == 1

    assert Journal.objects.get(instrument__symbol="SAP").rate == D("1.12")


def test_a_pair_in_units_a_usd_counts_where_the_other_has_no_minute(account: Account, euro: Instrument) -> None:
    """1 / 0.90 to eight places; 1.12 where there is that."""
    inverse = Instrument.objects.create(symbol="USDEUR", name="Euro", currency="EUR", tradable=False)
    minutes = [datetime(2026, 4, 2, 14, minute, tzinfo=UTC) for minute in (26, 29)]
    for start in minutes:
        traded(inverse, start, "0.90")
    before = tried(account, [bought(AT)])
    traded(euro, minutes[0], "1.12")

    rates = [row.rate for found in (before, tried(account, [bought(AT)])) for row, _ in found.fills]

    assert rates == [D("1.11111111"), D("1.12")]


def test_a_line_whose_rate_nobody_knows_is_named_and_nothing_is_booked(
    desk: Client, account: Account, euro: Instrument
) -> None:
    traded(euro, datetime(2026, 4, 2, 14, 24, tzinfo=UTC), "1.10")
    before = rows_of_books()
    send(desk, "time,symbol,quantity,price,fx_rate\n2026-04-02 14:30,SAP,1,99,1.1\n2026-04-02 14:30:20,SAP,2,99,\n")

    page, booked = desk.get("/history/import/").content.decode(), book(desk)

    words = "what one was worth at 2026-04-02 14:30 UTC is not known here: say it in USD in a column fx_rate"
    assert f"SAP is in EUR, and {words}" in page and ">3</td>" in page
    assert (booked.status_code, rows_of_books()) == (422, before)


@pytest.mark.parametrize(("ago", "quoted", "known"), [(1, 0, True), (600, 0, False), (1, 60, False)])
def test_a_fill_of_now_takes_the_rate_of_now_where_it_is_fresh(
    account: Account, euro: Instrument, ago: int, quoted: int, known: bool
) -> None:
    now, one = datetime.now(UTC), D(1000)
    at = now - timedelta(seconds=quoted)
    board.put(Quote("EURUSD", D("1.0999"), D("1.1001"), one, one, D("1.10"), at, at))

    found = tried(account, [bought(now - timedelta(seconds=ago))])

    assert [row.rate for row, _ in found.fills] == ([D("1.1")] if known else [])
    assert len(found.wrong) == (0 if known else 1)


@pytest.mark.parametrize(
    ("symbol", "terms", "words"),
    [
        ("SAP", {"currency": "USD", "rate": D(1)}, "Currency is USD; SAP is in EUR here"),
        ("AAPL", {"currency": "EUR", "rate": D("1.1")}, "Currency is EUR; AAPL is in USD here"),
        ("AAPL", {"rate": D("1.1")}, "Rate must be 1 or empty: AAPL is in USD"),
        ("AAPL", {"rate": D(1)}, ""),
    ],
)
def test_a_line_that_is_not_in_its_shares_currency_is_named(
    account: Account, euro: Instrument, symbol: str, terms: dict[str, Any], words: str
) -> None:
    found = tried(account, [bought(AT, **terms)._replace(symbol=symbol)])

    assert [each.words for each in found.wrong] == ([words] if words else [])


def test_many_rates_take_few_statements(account: Account, euro: Instrument) -> None:
    rows = [bought(AT + timedelta(minutes=line), line)._replace(quantity=D(1), price=D("0.01")) for line in range(400)]
    for row in rows:
        traded(euro, row.at.replace(second=0) - timedelta(minutes=1), "1.10")

    with CaptureQueriesContext(connection) as asked:
        found = tried(account, rows)

    assert (len(found.fills), found.wrong) == (400, ())
    assert len(asked) < 12
