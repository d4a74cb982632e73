"""Every figure says how it was made, now and as of any moment since the account was opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.market.models import Bar, Instrument
from apps.market.quotes import board
from apps.portfolio import services, terms
from apps.portfolio.asof import view_as_of
from apps.portfolio.models import Account, AccountKind
from apps.portfolio.queries import load_holdings, portfolio_value
from apps.portfolio.receipt_lines import FIGURES
from apps.portfolio.receipts import Asked, Receipt, receipt_of

OPENED = datetime(2026, 3, 2, 14, tzinfo=UTC)
FIRST, SECOND, LATER = (OPENED + timedelta(minutes=minutes) for minutes in (30, 60, 90))
ROOT = "/portfolio/receipts/"


@pytest.fixture
def account(alice: Any, market: dict[str, Instrument]) -> Account:
    with time_machine.travel(OPENED, tick=False):
        return services.open_account(alice, Decimal(10_000))


@pytest.fixture
def traded(account: Account, market: dict[str, Instrument], book: Callable[..., None]) -> Account:
    """Bought and sold at two moments; a bar of every minute, dearer by a cent from each to the next."""
    book(account, "buy 10 AAPL @ 9.50 fee 1.00; buy 5 MSFT @ 19.95 fee 1.00", at=FIRST)
    book(account, "sell 4 AAPL @ 10.00 fee 1.00; buy 3 AAPL @ 9.90 fee 1.00; sell 5 MSFT @ 21.05 fee 1.00", at=SECOND)
    Bar.objects.bulk_create(
        Bar(
            instrument=market[symbol],
            start=OPENED + timedelta(minutes=minute),
            open=price,
            high=price,
            low=price,
            close=price + Decimal(minute) / 100,
            volume=1,
        )
        for symbol, price in (("AAPL", Decimal(10)), ("MSFT", Decimal(20)))
        for minute in range(90)
    )
    account.refresh_from_db()
    return account


def receipt(name: str, account: Account, symbol: str = "", at: datetime | None = None) -> Receipt:
    if at:
        return receipt_of(FIGURES[name], Asked(account, *view_as_of(account, at), symbol, at))
    view = portfolio_value(load_holdings(account.pk, lots=bool(symbol)), board)
    return receipt_of(FIGURES[name], Asked(account, view, board, symbol, None))


def test_lines_add_up_to_the_figure_that_the_desk_shows(traded: Account, quotes: Callable[..., None]) -> None:
    quotes("AAPL 9.99/10.01", "MSFT 20/21")
    view = portfolio_value(load_holdings(traded.pk), board)

    shown = {
        "equity": view.equity,
        "market-value": view.market_value,
        "unrealized-pnl": view.unrealized,
        "realized-pnl": view.realized,
        "total-pnl": view.total_pnl,
        "fees": view.fees,
        "cash": view.cash,
        "buying-power": view.buying_power,
        "day-pnl": view.day_pnl,
        "income": 0,
        "margin": 0,
    }
    found = {name: receipt(name, traded) for name in FIGURES}

    assert {name: each.value for name, each in found.items()} == shown
    assert {name: sum(line.amount or 0 for line in each.lines) for name, each in found.items()} == shown
    assert found["cash"].lines[0][:3] == ("Buy", Decimal("-227.45"), "3 bookings, fees within")


@pytest.mark.parametrize("name", ["market-value", "unrealized-pnl", "realized-pnl", "total-pnl", "fees", "day-pnl"])
def test_symbols_add_up_to_all(traded: Account, quotes: Callable[..., None], name: str) -> None:
    quotes("AAPL 9.987/10.013", "MSFT 20/21")

    parts = [receipt(name, traded, symbol) for symbol in ("AAPL", "MSFT")]

    assert sum(part.value or 0 for part in parts) == receipt(name, traded).value
    for part in parts:
        assert sum(line.amount or 0 for line in part.lines) == part.value


def test_a_position_is_explained_lot_by_lot(traded: Account, quotes: Callable[..., None]) -> None:
    quotes("AAPL 9.99/10.01")

    lines = receipt("unrealized-pnl", traded, "AAPL").lines

    assert [(line.amount, line.how) for line in lines] == [
        (Decimal("2.94"), "6 × 9.99 − cost 57.00"),
        (Decimal("0.27"), "3 × 9.99 − cost 29.70"),
    ]


def test_the_past_is_as_it_was(traded: Account) -> None:
    at = FIRST + timedelta(minutes=10)  # the minute before it closed 39 cents above the first

    equity, realized = receipt("equity", traded, at=at), receipt("realized-pnl", traded, at=at)

    assert [(line.label, line.amount) for line in equity.lines] == [
        ("Cash", Decimal("9803.25")),
        ("AAPL", Decimal("103.90")),
        ("MSFT", Decimal("101.95")),
    ]
    assert [(price.symbol, price.price, price.at, price.stale) for price in equity.prices] == [
        ("AAPL", Decimal("10.39"), at, False),
        ("MSFT", Decimal("20.39"), at, False),
    ]
    assert (realized.value, realized.lines) == (0, ())
    assert receipt("realized-pnl", traded, at=SECOND).value == Decimal("7.50")


def test_a_permalink_shows_the_same_whatever_comes_later(
    traded: Account, book: Callable[..., None], client: Client, market: dict[str, Instrument]
) -> None:
    client.force_login(traded.user)
    link = f"{ROOT}equity/?at=2026-03-02T15:00:00Z"

    def table() -> str:
        made = client.get(link).content.decode().partition("How it was made")[2].partition("</main>")[0]
        return re.sub(r'<input id="receipt-at"[^>]*>', "", made)  # it offers until now

    before = table()
    book(traded, "sell 5 AAPL @ 30.00 fee 1.00", at=LATER)
    Bar.objects.filter(start__gte=SECOND).update(close=99)
    Bar.objects.create(instrument=market["MSFT"], start=LATER, open=1, high=1, low=1, close=1, volume=1)

    assert table() == before
    assert "as of 2 Mar 2026 15:00:00 UTC" in before


def test_old_prices_are_called_old_with_their_share(traded: Account, quotes: Callable[..., None]) -> None:
    at = LATER + timedelta(minutes=30)
    quotes("AAPL 9.99/10.01", at=datetime.now(UTC) - timedelta(hours=1))
    board.refresh()  # the market is open

    past, now = receipt("equity", traded, at=at), receipt("unrealized-pnl", traded)

    assert [price.stale for price in past.prices] == [True]
    assert past.stale_share == past.stale_value / past.value
    assert (now.stale_value, now.stale_share, now.prices[0].stale) == (Decimal("89.91"), 1, True)


def test_of_shares_owed_as_much_rests_on_old_prices_as_the_desk_says(
    traded: Account, book: Callable[..., None], quotes: Callable[..., None]
) -> None:
    """9 AAPL at 9.99 and 4 MSFT sold short at 20.00: what is owed takes nothing off what is held."""
    quotes("AAPL 9.99/10.01", "MSFT 20/21", at=datetime.now(UTC) - timedelta(hours=1))
    board.refresh()  # the market is open
    terms.set_kind(traded, AccountKind.MARGIN)
    book(traded, "sell 4 MSFT @ 20.00", at=LATER)
    view = portfolio_value(load_holdings(traded.pk), board)

    found, of_itself = receipt("equity", traded), receipt("market-value", traded)

    assert (found.stale_value, found.stale_share) == (view.stale_value, view.stale_share)
    assert (view.stale_value, of_itself.stale_share) == (Decimal("169.91"), 1)


def test_each_price_stands_with_its_age(traded: Account, client: Client, quotes: Callable[..., None]) -> None:
    """R-STALE: at the moment that the receipt is of."""
    quotes("AAPL 9.99/10.01", at=datetime.now(UTC) - timedelta(hours=1))
    board.refresh()
    client.force_login(traded.user)

    now, past = (client.get(f"{ROOT}equity/{at}").content.decode() for at in ("", "?at=2026-03-02T15:20:07Z"))

    assert '<td class="stale">1 h, old</td>' in now
    assert "<td>7 s</td>" in past
    assert 'aria-current="page">Equity</a>' in past


def test_without_a_price_it_is_counted_at_cost_and_said(traded: Account) -> None:
    found = receipt("equity", traded, at=FIRST)
    Bar.objects.all().delete()
    unpriced = receipt("equity", traded, at=FIRST)

    assert found.stale_value == 0
    assert [line.how for line in unpriced.lines[1:]] == ["no price: counted at cost"] * 2
    assert [price[1:] for price in unpriced.prices] == [(None, None, True, "USD", None)] * 2
    assert unpriced.value == Decimal("9998.00")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("yesterday", "As of is a date and a time in UTC"),
        ("2026-02-30T10:00", "As of is a date and a time in UTC"),
        ("0001-01-01T00:00:00+23:00", "As of is a date and a time in UTC"),
        ("2999-01-01T00:00:00Z", "As of is not to be later than now"),
        ("2026-03-02T13:59:59Z", "Your account was opened at 2026-03-02T14:00:00Z; before that there is nothing"),
    ],
)
def test_a_moment_that_is_none_says_what_would_be_one(traded: Account, client: Client, at: str, said: str) -> None:
    client.force_login(traded.user)

    response = client.get(f"{ROOT}equity/", {"at": at})

    assert response.status_code == 400
    assert said in response.content.decode()


@pytest.mark.parametrize("path", ["nonsense/", "cash/?symbol=AAPL", "fees/?symbol=TSLA", "fees/?symbol=%00"])
def test_what_is_no_figure_is_not_there(traded: Account, client: Client, path: str) -> None:
    client.force_login(traded.user)

    assert client.get(ROOT + path).status_code == 404


def test_each_sees_their_own(traded: Account, bob_account: Account, client: Client) -> None:
    client.force_login(bob_account.user)

    page = client.get(f"{ROOT}equity/").content.decode()

    assert "500.00" in page
    assert "AAPL" not in page.partition("How it was made")[2].partition("</main>")[0]


@pytest.mark.parametrize("query", ["", "?at=2026-03-02T15:00:00Z"])
def test_no_more_queries_for_more_positions(
    traded: Account, client: Client, book: Callable[..., None], query: str
) -> None:
    client.force_login(traded.user)
    counts = []
    for _ in range(2):
        client.get(f"{ROOT}equity/{query}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"{ROOT}equity/{query}")
        counts.append(len(queries))
        book(traded, "buy 1 TSLA @ 9.00", at=FIRST)

    assert counts[0] == counts[1] < 37


def test_every_figure_of_the_strip_leads_to_its_receipt(
    traded: Account, client: Client, quotes: Callable[..., None]
) -> None:
    quotes("AAPL 9.99/10.01", "MSFT 20/21")
    client.force_login(traded.user)

    pages = client.get("/portfolio/").content.decode() + client.get("/symbols/AAPL/").content.decode()

    links = {part.partition('"')[0] for part in pages.split('class="why" href="')[1:]}
    assert len(links) == 11
    assert {client.get(link).status_code for link in links} == {200}
