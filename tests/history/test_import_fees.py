"""Fees of another broker: in USD, or as the file says in the share's currency, at the rate of their fill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.history.statement import guessed, headers_of
from apps.market.models import Instrument
from apps.portfolio.models import Account, Journal, Position
from apps.trades.importing import tried
from apps.trades.models import Fill

from .test_import import book, broken, rows_of_books, send
from .test_import_currencies import AT, bought
from .test_statement import lines

D = Decimal
HEAD = "time,symbol,side,quantity,price,commission,currency,fx_rate"


def test_a_fee_in_the_shares_currency_is_booked_at_the_rate_of_its_fill(
    desk: Client, account: Account, euro: Instrument
) -> None:
    """Requirement: the rate is kept on the entry. 1.05 EUR at 1.10 are 1.155 USD, to the cent 1.16 (half to even)."""
    cash = Account.objects.get(pk=account.pk).cash
    send(desk, f"{HEAD},fee_currency\n2026-04-02 14:30,SAP,buy,2,100.50,1.05,EUR,1.10,EUR\n")

    page = desk.get("/history/import/").content.decode()
    assert book(desk).status_code == 302

    assert "1.16 <small>1.05 EUR</small>" in page
    entry, fill = Journal.objects.get(instrument__symbol="SAP"), Fill.objects.get(policy="imported")
    assert dict(entry.entries.values_list("book", "amount"))["commission"] == D("1.16")
    assert (entry.rate, fill.rate, fill.commission) == (D("1.1"), D("1.1"), D("1.16"))
    assert Position.objects.get(instrument__symbol="SAP").commission == D("1.16")
    assert Account.objects.get(pk=account.pk).cash == cash - D("221.10") - D("1.16")
    assert broken() == {}


@pytest.mark.parametrize(("both", "fee"), [(False, "1.05"), (True, "1.16")])
def test_one_column_may_say_the_currency_of_price_and_fee(
    desk: Client, account: Account, euro: Instrument, both: bool, fee: str
) -> None:
    """Without being told so a fee is in USD, as it is in files of this desk's own fills."""
    text = f"{HEAD}\n2026-04-02 14:30,SAP,buy,2,100.50,1.05,EUR,1.10\n"
    chosen = {f"column-{column}": header for column, header in guessed(headers_of(text)).items()}
    send(desk, text)
    desk.post("/history/import/", {"do": "map", **chosen, "column-commission_currency": "currency" if both else ""})

    assert book(desk).status_code == 302

    assert Fill.objects.get(policy="imported").commission == D(fee)


def test_no_other_two_may_be_one_column() -> None:
    named = guessed(headers_of(HEAD)) | {"commission_currency": "currency", "rate": "price"}

    assert "One column cannot be two things" in lines(f"{HEAD}\n", **named).faults[0].words


def test_a_fee_in_a_third_currency_is_named_and_nothing_is_booked(
    desk: Client, account: Account, euro: Instrument
) -> None:
    before = rows_of_books()
    good, bad = ("2026-04-02 14:30,SAP,buy,2,100.50,1.00,EUR,1.10," + currency for currency in ("EUR", "GBP"))
    send(desk, f"{HEAD},fee_currency\n{good}\n{bad}\n")

    page, booked = desk.get("/history/import/").content.decode(), book(desk)

    assert "Commission currency is GBP; it must be USD or EUR: SAP is in EUR" in page and ">3</td>" in page
    assert (booked.status_code, rows_of_books()) == (422, before)


@pytest.mark.parametrize(("currency", "fee"), [("USD", D("1.00")), ("EUR", None)])
def test_a_share_in_usd_has_fees_in_usd(account: Account, euro: Any, currency: str, fee: Decimal | None) -> None:
    found = tried(account, [bought(AT, commission_currency=currency)._replace(symbol="AAPL")])

    words = "Commission currency is EUR; it must be USD: AAPL is in USD"
    assert [row.fee for row, _ in found.fills] == ([fee] if fee else [])
    assert [each.words for each in found.wrong] == ([] if fee else [words])


def test_what_is_no_currency_is_named_with_its_column() -> None:
    found = lines("time,symbol,quantity,price,fee,fee_currency\n2026-03-02,SAP,1,12,1,euros\n")

    assert [each.line for each in found.faults] == [2]
    assert found.faults[0].words.startswith("Commission currency: 'EUROS' is not a currency: three capital letters")
