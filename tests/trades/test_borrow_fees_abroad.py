"""The fee for borrowed shares in another currency is of what they are worth in USD: at its rate of that close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio import terms
from apps.portfolio.models import Account, Journal

from .on_margin import all_holds, view
from .test_borrow_fees import closed_at

D = Decimal


@pytest.fixture
def short(margin: Account, euro: None, placed: Any, meet_sap: Callable[..., None]) -> date:
    """Alice owes 100 SAP, sold at 200.00 EUR and 1.10; says up to when they are paid for."""
    placed("sell 100 SAP limit 190.00", owner=margin)
    meet_sap("200.00", "200.02")
    margin.refresh_from_db()
    assert margin.interest_until
    return margin.interest_until


def charged(until: date) -> str:
    terms.charge_interest(until + timedelta(days=1))
    all_holds()
    return Journal.objects.get(kind="borrow_fee").memo


def test_price_and_rate_are_those_of_the_close(margin: Account, short: date) -> None:
    """100 × 180.00 EUR × 1.20 are 21,600 USD, × 0.03 / 360 are 1.80."""
    closed_at("180.00", short, symbol="SAP")
    closed_at("1.20", short, symbol="EURUSD")

    words = charged(short)

    assert words.startswith("3 % a year on 21,600.00 USD sold short, 100 SAP at 180 EUR, 1.2 USD each, to ")
    assert view(margin).income == D("-1.80")


def test_an_inverse_pair_is_one_divided_by_its_close(margin: Account, short: date) -> None:
    Instrument.objects.filter(symbol="EURUSD").delete()
    Instrument.objects.create(symbol="USDEUR", name="Euro", tradable=False)
    closed_at("180.00", short, symbol="SAP")
    closed_at("0.80", short, symbol="USDEUR")

    assert "100 SAP at 180 EUR, 1.25 USD each" in charged(short)
    assert view(margin).income == D("-1.88")


def test_without_a_minute_of_the_pair_its_rate_of_now_counts(margin: Account, short: date) -> None:
    closed_at("180.00", short, symbol="SAP")

    assert charged(short).startswith("3 % a year on 19,800.00 USD sold short, 100 SAP at 180 EUR, 1.1 USD each, to ")


def test_without_any_rate_what_they_fetched_counts(margin: Account, short: date) -> None:
    closed_at("180.00", short, symbol="SAP")
    del board.quotes["EURUSD"]

    assert charged(short).startswith("3 % a year on 22,000.00 USD sold short, 100 SAP at cost, to ")
