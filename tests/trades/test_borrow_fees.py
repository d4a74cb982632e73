"""Shares sold short are borrowed, and cost a fee each day: of what they are worth at its close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.live.models import Event
from apps.market.models import Bar, Instrument
from apps.market.quotes import board
from apps.portfolio import terms
from apps.portfolio.models import Account, CorporateAction, Journal, SessionEquity
from apps.trades import filling

from .on_margin import all_holds, view

pytestmark = pytest.mark.django_db
Words = Callable[..., Any]
JSON = {"accept": "application/json"}


def closed_at(price: str, day: date, hour: int = 23, symbol: str = "AAPL") -> None:
    """The last minute of a UTC day."""
    start = datetime.combine(day, time(hour, 59), UTC)
    instrument = Instrument.objects.get(symbol=symbol)
    prices = dict.fromkeys(("open", "high", "low", "close"), Decimal(price))
    Bar.objects.create(instrument=instrument, start=start, volume=1, **prices)


@pytest.fixture
def short(margin: Account, trade: Words) -> date:
    """Alice owes 100 AAPL; says up to when they are paid for."""
    trade("sell 100 AAPL")
    margin.refresh_from_db()
    assert margin.interest_until
    return margin.interest_until


def test_fee_is_booked_once_a_day_on_the_value_at_the_close(margin: Account, short: date) -> None:
    """100 at 180.00 and 3 % a year: 18,000 × 0.03 / 360 = 1.50, whatever the price is a minute later."""
    closed_at("180.00", short)
    before = view(margin)

    assert [terms.charge_interest(short + timedelta(days=day)) for day in (0, 1, 1)] == [0, 1, 0]

    booked = Journal.objects.get(kind="borrow_fee")
    margin.refresh_from_db()
    assert (margin.interest, margin.cash) == (Decimal("-1.50"), before.cash - Decimal("1.50"))
    assert booked.memo.startswith("3 % a year on 18,000.00 USD sold short, 100 AAPL at 180, to ")
    assert {line.book: line.amount for line in booked.entries.all()} == {
        "cash": Decimal("-1.50"),
        "interest": Decimal("1.50"),
    }
    after = view(margin)
    assert (after.income, after.interest) == (Decimal("-1.50"), Decimal("-1.50"))
    assert (after.equity, after.total_pnl) == (before.equity - Decimal("1.50"), before.total_pnl - Decimal("1.50"))
    assert after.day_pnl == before.day_pnl
    all_holds()


def test_days_that_the_desk_was_away_are_paid_for(margin: Account, short: date) -> None:
    closed_at("180.00", short + timedelta(days=2))

    assert terms.charge_interest(short + timedelta(days=3)) == 1

    assert view(margin).income == Decimal("-4.50")


def test_without_a_minute_on_record_the_mark_counts(margin: Account, short: date) -> None:
    """100 × 150.01 × 0.03 / 360, to the cent."""
    terms.charge_interest(short + timedelta(days=1))

    assert view(margin).income == Decimal("-1.25")


def test_without_any_price_what_they_fetched_counts(margin: Account, short: date) -> None:
    board.clear()

    terms.charge_interest(short + timedelta(days=1))

    assert Journal.objects.get(kind="borrow_fee").memo.startswith(
        "3 % a year on 14,999.00 USD sold short, 100 AAPL at cost"
    )


def test_minute_of_old_shares_is_no_price_of_new_ones(margin: Account, short: date, quote: Words, now: Any) -> None:
    closed_at("300.00", short)
    aapl = Instrument.objects.get(symbol="AAPL")
    split = {"kind": "split", "new": 2, "old": 1, "ex_date": short, "applied_at": now + timedelta(days=1)}
    CorporateAction.objects.create(instrument=aapl, **split)

    terms.charge_interest(short + timedelta(days=1))

    assert view(margin).income == Decimal("-1.25")


def test_stocks_with_hours_are_paid_for_at_their_own_close(margin: Account, short: date) -> None:
    """Monday, after hours at 200, closed at 180 at 16:00 in New York."""
    Instrument.objects.filter(symbol="AAPL").update(calendar="XNYS")
    monday = date(2026, 3, 2)
    Account.objects.update(interest_until=monday)
    closed_at("180.00", monday, hour=20)
    closed_at("200.00", monday, hour=23)

    terms.charge_interest(monday + timedelta(days=1))

    assert view(margin).income == Decimal("-1.50")


def test_an_instrument_may_have_a_rate_of_its_own(margin: Account, short: date, admin_client: Client) -> None:
    aapl = Instrument.objects.get(symbol="AAPL")
    path, sent = f"/admin/market/instrument/{aapl.pk}/change/", {"name": "Apple", "tradable": "on"}
    closed_at("180.00", short)

    refused = admin_client.post(path, {**sent, "borrow_rate": "-1"})
    assert refused.context["adminform"].form.errors["borrow_rate"] == ["Must be from 0 to 1000 % a year, or empty"]
    assert admin_client.post(path, {**sent, "borrow_rate": "36"}).status_code == 302
    terms.charge_interest(short + timedelta(days=1))

    assert view(margin).income == Decimal("-18.00")


@pytest.mark.parametrize(("setting", "own"), [(0, None), (300, Decimal(0))])
def test_nothing_is_booked_where_it_costs_nothing(
    margin: Account, short: date, settings: Any, setting: int, own: Decimal | None
) -> None:
    settings.BORROW_RATE_BPS = Decimal(setting)
    Instrument.objects.update(borrow_rate=own)

    assert terms.charge_interest(short + timedelta(days=1)) == 0

    margin.refresh_from_db()
    assert margin.interest_until == short + timedelta(days=1)


def test_long_positions_and_covered_ones_cost_nothing(margin: Account, trade: Words, short: date) -> None:
    trade("buy 100 AAPL")

    assert terms.charge_interest(short + timedelta(days=1)) == 0


def test_interest_and_fees_are_two_bookings(
    margin: Account, trade: Words, short: date, quote: Words, now: Any
) -> None:
    margin.refresh_from_db()
    Account.objects.update(cash=-50_000)

    terms.charge_interest(short + timedelta(days=1))

    assert sorted(Journal.objects.exclude(kind__in=["sell", "deposit"]).values_list("kind")) == [
        ("borrow_fee",),
        ("interest",),
    ]


def test_trader_finds_it_in_ledger_receipt_breakdown_activity_and_performance(
    margin: Account, short: date, desk: Client, now: Any
) -> None:
    closed_at("180.00", short)
    SessionEquity.objects.all().delete()
    terms.charge_interest(short + timedelta(days=1))

    assert Event.objects.get(kind="account.borrow_fee").facts["memo"].startswith("1.50 USD: 3 % a year on 18,000.00")
    pages = {
        "/portfolio/ledger/?q=borrow_fee": "sold short, 100 AAPL at 180",
        "/history/?tab=ledger&kind=borrow_fee": "sold short, 100 AAPL at 180",
        "/portfolio/receipts/income/": "for borrowed shares, sold short",
        "/portfolio/": "Interest and borrow fees",
        "/activity/": "Borrow fee",
        "/portfolio/performance/?span=all": "Dividends, interest and other",
        "/portfolio/terms/": "borrowed shares 3 % of what they are worth",
    }
    assert {path: words in desk.get(path).content.decode() for path, words in pages.items()} == dict.fromkeys(
        pages, True
    )


def test_ticket_says_what_a_short_sale_costs_a_year(margin: Account, quote: Words, now: Any, desk: Client) -> None:
    fields = {"symbol": "AAPL", "side": "sell", "quantity": "5", "order_type": "market"}

    estimates = [
        desk.get("/orders/ticket/", {**fields, "side": side}, headers={"HX-Request": "true"}).content.decode()
        for side in ("sell", "buy")
    ]

    assert ["<dt>Borrow fee</dt><dd>3 % a year</dd>" in each for each in estimates] == [True, False]
    assert filling.match_symbol("AAPL", quote(), None, now).failed == {}
