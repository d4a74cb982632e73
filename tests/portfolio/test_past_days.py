"""The day's P&L as of a moment is what it was then: counted from the close and the session of that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.desk.calendar import ALWAYS
from apps.desk.position import Split
from apps.market import services as market
from apps.market.days import begin_days
from apps.market.models import Bar, DayStart, Instrument, MarketState
from apps.market.quotes import board
from apps.portfolio import services
from apps.portfolio.asof import view_as_of
from apps.portfolio.models import Account
from apps.portfolio.queries import load_holdings, portfolio_value

WEDNESDAY = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
FRIDAY_OPENS, FRIDAY_CLOSES, MONDAY_OPENS = (
    datetime(2026, 11, 27, 14, 30, tzinfo=UTC),
    datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
    datetime(2026, 11, 30, 14, 30, tzinfo=UTC),
)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Book = Callable[..., None]
Noted = dict[datetime, list[tuple[str, Decimal | None]]]


@pytest.fixture
def clock(market: dict[str, Instrument]) -> Iterator[Any]:
    """AAPL keeps New York's hours, MSFT none; Wednesday's session runs."""
    Instrument.objects.filter(symbol="AAPL").update(calendar="XNYS", session_date=None)
    MarketState.objects.update(calendar="XNYS")
    with time_machine.travel(WEDNESDAY, tick=False) as travelling:
        yield travelling


@pytest.fixture
def account(alice: Any, clock: Any) -> Account:
    return services.open_account(alice, Decimal(10_000))


@pytest.fixture
def now(clock: Any, quotes: Any) -> Callable[..., None]:
    """`now(at, "AAPL 10", "MSFT 20")`: it is that moment, and these were traded in the minute that is over."""

    def move(at: datetime, *texts: str) -> None:
        clock.move_to(at)
        MarketState.objects.update(session_date=at.date())
        days = [row for row in Instrument.objects.filter(calendar=ALWAYS) if row.session_date != at.date()]
        for row in days:
            close = Bar.objects.filter(instrument=row).order_by("start").last()
            row.session_date, row.previous_close = at.date(), close and close.close
        begin_days(days, at)
        market.follow_hours(at)
        for text in texts:
            symbol, price = text.split()
            path = dict.fromkeys(("open", "high", "low", "close"), Decimal(price))
            Bar.objects.create(instrument=Instrument.objects.get(symbol=symbol), start=at - MINUTE, volume=1, **path)
            quotes(f"{symbol} {price}/{price} last {price}")

    return move


def shown(account: Account, at: datetime | None = None) -> list[tuple[str, Decimal | None]]:
    view = view_as_of(account, at)[0] if at else portfolio_value(load_holdings(account.pk), board)
    return [("all", view.day_pnl), *((each.held.symbol, each.day_pnl) for each in view.positions)]


def test_each_moment_counts_from_the_close_of_its_own_session(
    account: Account, book: Book, now: Callable[..., None]
) -> None:
    noted: Noted = {}

    def step(at: datetime, fills: str, *prices: str) -> None:
        now(at, *prices)
        if fills:
            book(account, fills, at=at)
        noted[at] = shown(account)

    step(WEDNESDAY, "buy 10 AAPL @ 9.00 fee 1.00; buy 5 MSFT @ 20.00", "AAPL 9.10", "MSFT 21")
    step(WEDNESDAY + HOUR, "", "AAPL 9.50", "MSFT 21")  # the close
    step(WEDNESDAY + 2 * HOUR, "buy 4 AAPL @ 9.70 fee 1.00", "AAPL 9.70", "MSFT 22")  # after hours
    step(FRIDAY_OPENS - HOUR, "sell 2 AAPL @ 9.90", "AAPL 9.90", "MSFT 23")  # before hours
    step(FRIDAY_OPENS, "", "AAPL 10.00", "MSFT 23")
    step(FRIDAY_CLOSES, "sell 5 MSFT @ 24.00", "AAPL 10.50", "MSFT 24")
    step(FRIDAY_CLOSES + 20 * HOUR, "", "AAPL 10.50", "MSFT 24")
    step(MONDAY_OPENS, "sell 12 AAPL @ 11.00 fee 1.00; buy 1 MSFT @ 25.00", "AAPL 11.00", "MSFT 25.50")
    step(MONDAY_OPENS + HOUR, "", "AAPL 11.20", "MSFT 25")

    assert {at: shown(account, at) for at in noted} == noted
    assert dict(noted[FRIDAY_OPENS])["AAPL"] == Decimal("5.00")
    assert all(known is not None for at, every in noted.items() if at > WEDNESDAY + HOUR for _, known in every)


@pytest.mark.parametrize(
    ("pair", "rates", "gain"),
    [("EURUSD", ["1.10", "1.20", "1.15"], Decimal(135)), ("USDEUR", ["0.8", "1", "0.625"], Decimal(1460))],
)
def test_shares_in_another_currency_count_from_the_rate_of_then(
    account: Account, euros: Callable[..., None], now: Callable[..., None], pair: str, rates: list[str], gain: Decimal
) -> None:
    """Also where a dollar's price is listed: 10 shares from 190 at 1 USD to 210 at 1 / 0.625 USD."""
    noted: Noted = {}
    Instrument.objects.filter(symbol="EURUSD").update(symbol=pair)
    for number, (price, rate) in enumerate(zip(["200", "190", "210"], rates, strict=True)):
        at = WEDNESDAY + timedelta(days=number)
        if not number:
            euros(account, "buy 10 SAP @ 200.00", "1.10")
        now(at, f"SAP {price}", f"{pair} {rate}")
        noted[at] = shown(account)

    assert noted[WEDNESDAY + timedelta(days=2)] == [("all", gain), ("SAP", gain)]
    assert {at: shown(account, at) for at in noted if at > WEDNESDAY} == {
        at: every for at, every in noted.items() if at > WEDNESDAY
    }


def test_a_split_is_told_from_when_it_was(account: Account, book: Book, now: Callable[..., None]) -> None:
    now(WEDNESDAY, "MSFT 20")
    book(account, "buy 10 MSFT @ 20.00", at=WEDNESDAY)
    thursday = WEDNESDAY + timedelta(days=1)
    now(thursday, "MSFT 22")
    before = shown(account)
    now(thursday + HOUR, "MSFT 11")
    market.split_prices(Split("MSFT", 2, 1), thursday + HOUR, thursday + HOUR)

    closes = DayStart.objects.filter(instrument__symbol="MSFT").order_by("pk").values_list("previous_close", flat=True)

    assert (list(closes)[-2:], before) == ([20, 10], [("all", Decimal(20)), ("MSFT", Decimal(20))])
    assert shown(account, thursday) == before


def test_what_was_bought_and_sold_before_days_were_kept_is_no_zero(
    account: Account, book: Book, now: Callable[..., None], client: Client
) -> None:
    MarketState.objects.update(session_date=WEDNESDAY.date())
    book(account, "buy 10 MSFT @ 20.00; sell 10 MSFT @ 21.00", at=WEDNESDAY)
    now(WEDNESDAY + MINUTE)
    client.force_login(account.user)

    page = client.get(f"/portfolio/receipts/day-pnl/?at={WEDNESDAY:%Y-%m-%dT%H:%M:%SZ}")
    said = unescape(page.content.decode()).partition("How it was made")[2]

    assert shown(account, WEDNESDAY) == [("all", None), ("MSFT", None)]
    assert shown(account, timezone.now()) == shown(account) == [("all", Decimal(10)), ("MSFT", Decimal(10))]
    assert "the day that it counted to, and the close before that, are not kept of that moment" in said


def test_a_day_that_another_release_began_is_not_known(account: Account, book: Book, now: Callable[..., None]) -> None:
    now(WEDNESDAY, "MSFT 20")
    book(account, "buy 10 MSFT @ 20.00", at=WEDNESDAY)
    thursday, friday = WEDNESDAY + timedelta(days=1), WEDNESDAY + timedelta(days=2)
    Instrument.objects.filter(symbol="MSFT").update(session_date=thursday.date(), previous_close=20)
    assert dict(shown(account, thursday))["MSFT"] is None

    now(friday, "MSFT 21")

    assert dict(shown(account, thursday))["MSFT"] is None
    assert shown(account, friday) == shown(account) != [("all", None), ("MSFT", None)]


def test_days_of_each_instrument_are_kept_as_they_begin(account: Account, now: Callable[..., None]) -> None:
    for at in (WEDNESDAY, FRIDAY_OPENS - HOUR, FRIDAY_OPENS):
        now(at, "AAPL 10")

    rows = DayStart.objects.filter(instrument__symbol="AAPL").order_by("pk")
    assert list(rows.values_list("was", "session_date", "previous_close", "at")) == [
        (None, date(2026, 11, 25), None, WEDNESDAY),
        (date(2026, 11, 25), date(2026, 11, 27), Decimal(10), FRIDAY_OPENS),
    ]
