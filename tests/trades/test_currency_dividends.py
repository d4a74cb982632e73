"""Dividends and cash in lieu of a share in another currency: said in it, booked in USD at a fresh rate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.desk.quote import Quote
from apps.history.asked import Asked
from apps.history.exports import EXPORTS
from apps.market.models import Instrument
from apps.market.quotes import board
from apps.portfolio import services as portfolio
from apps.portfolio.corporate import book_dividend
from apps.portfolio.models import Account, CorporateAction, Journal, Position
from apps.portfolio.rebuilding import rebuilt

from .applied import apply_due
from .broken import broken

D = Decimal
ADD = "/admin/portfolio/corporateaction/add/"
LATE = timedelta(minutes=1)


@pytest.fixture
def overnight(euro: None, placed: Any, meet_sap: Callable[..., None], now: datetime) -> Callable[[int], Instrument]:
    """`overnight(3)`: so many SAP were bought yesterday, at 200.01 EUR and 1.10."""

    def hold(shares: int) -> Instrument:
        placed(f"buy {shares} SAP")
        meet_sap()
        Journal.objects.update(session_date=now.date() - timedelta(days=1))
        return Instrument.objects.get(symbol="SAP")

    return hold


def planned(sap: Instrument, now: datetime, kind: str, **terms: Any) -> CorporateAction:
    return CorporateAction.objects.create(instrument=sap, kind=kind, ex_date=now.date(), **terms)


def test_a_dividend_is_booked_at_the_rate_of_then_which_the_entry_keeps(
    account: Account, overnight: Any, come: Callable[..., Quote], now: datetime
) -> None:
    """10 × 1.237 EUR are 12.37, at 1.2 USD 14.84."""
    sap = overnight(10)
    planned(sap, now, "dividend", amount=D("1.237"), currency="EUR")
    come("EURUSD", "1.1999", "1.2001")
    cash = Account.objects.get().cash

    apply_due(now)

    entry = Journal.objects.get(kind="dividend")
    assert (entry.currency, entry.rate, entry.local_amount) == ("EUR", D("1.2"), D("12.37"))
    assert entry.memo == "SAP 1.237 EUR a share on 10: 12.37 EUR, 1.2 USD each"
    assert (Account.objects.get().cash - cash, Position.objects.get(instrument=sap).dividends) == (
        D("14.84"),
        D("14.84"),
    )
    (row,) = [each for each in EXPORTS["ledger"].rows(account.pk, Asked()) if each["book"] == "dividends"]
    assert (row["currency"], row["rate"], row["local_amount"], row["amount"]) == ("EUR", "1.2", "12.37", "-14.84")
    assert broken() == {}


def test_a_dividend_waits_while_the_rate_is_unknown_or_old(
    account: Account, overnight: Any, come: Callable[..., Quote], admin_client: Client, now: datetime
) -> None:
    action = planned(overnight(10), now, "dividend", amount=D(1), currency="EUR")
    pair, later = board.quotes.pop("EURUSD"), now + LATE

    apply_due(now)
    board.put(pair)
    apply_due(later)

    action.refresh_from_db()
    assert (action.refused, action.applied_at, Journal.objects.filter(kind="dividend").exists()) == ("", None, False)
    shown = admin_client.get("/admin/portfolio/corporateaction/").content.decode()
    assert "Waits for its day and a fresh rate of EUR" in shown
    come("EURUSD", "1.0999", "1.1001", at=later)
    apply_due(later)
    assert Journal.objects.get(kind="dividend").local_amount == 10


def test_what_waits_for_a_rate_keeps_nothing_else_waiting(
    overnight: Any, held: Any, come: Callable[..., Quote], now: datetime
) -> None:
    Journal.objects.update(session_date=now.date() - timedelta(days=1))
    planned(overnight(10), now, "dividend", amount=D(1), currency="EUR")
    planned(Instrument.objects.get(symbol="AAPL"), now, "dividend", amount=D(1))
    Instrument.objects.update(session_date=now.date())
    del board.quotes["EURUSD"]

    apply_due(now)

    assert Journal.objects.get(kind="dividend").instrument.symbol == "AAPL"


def test_all_are_paid_at_the_rate_of_the_first(
    account: Account, bob: Any, overnight: Any, come: Callable[..., Quote], placed: Any, meet_sap: Any, now: datetime
) -> None:
    """The desk was stopped after alice; the euro has risen since."""
    other = portfolio.open_account(bob, D(10_000))
    placed("buy 5 SAP", owner=other)
    sap = overnight(10)
    action = planned(sap, now, "dividend", amount=D(1), currency="EUR")
    assert book_dividend(account.pk, action, D(10), now, D("1.1"))
    come("EURUSD", "1.1999", "1.2001")

    apply_due(now)

    paid = dict(Position.objects.filter(instrument=sap).values_list("account", "dividends"))
    assert paid == {account.pk: 11, other.pk: D("5.50")}


def test_a_split_pays_fractions_in_its_currency_or_as_was_said_in_usd(
    account: Account, overnight: Any, now: datetime
) -> None:
    """3 for 2 at one for two: half a share at 400 EUR and 1.10, of what cost 200.01 EUR."""
    sap = overnight(3)
    planned(sap, now, "split", new=1, old=2, in_lieu=D(400), currency="EUR")
    apply_due(now)

    held, entry = Position.objects.get(instrument=sap), Journal.objects.get(kind="in_lieu")
    assert (held.quantity, held.local_cost, held.cost) == (1, D("400.02"), D("440.02"))
    assert held.realized_pnl == 220 - D("220.01")
    assert (entry.currency, entry.rate, entry.local_amount, entry.local_realized) == ("EUR", D("1.1"), 200, D("-0.01"))
    assert entry.memo == "0.5 SAP in cash at 400 EUR, 1.1 USD each"
    made = rebuilt(account.pk, "fifo")["SAP"]
    assert (made.position.local, made.realized) == (held.local_cost, held.realized_pnl)
    assert broken() == {}


def test_cash_in_lieu_may_be_said_in_usd(overnight: Any, now: datetime) -> None:
    planned(overnight(3), now, "split", new=1, old=2, in_lieu=D(440))
    apply_due(now)

    entry = Journal.objects.get(kind="in_lieu")
    assert (entry.memo, entry.currency, entry.rate) == ("0.5 SAP in cash at 440", "USD", None)
    assert broken() == {}


def test_without_a_price_in_lieu_the_close_counts_in_its_currency(overnight: Any, now: datetime) -> None:
    """It closed at 190.00 EUR, so that a new share is worth 380.00."""
    planned(overnight(3), now, "split", new=1, old=2)
    apply_due(now)

    entry = Journal.objects.get(kind="in_lieu")
    assert (entry.price, entry.currency, entry.local_amount) == (380, "EUR", 190)


@pytest.mark.parametrize(("new", "old", "shares"), [(2, 1, 6), (1, 2, 3)])
def test_only_a_split_that_pays_waits_for_a_rate(
    overnight: Any, now: datetime, new: int, old: int, shares: int
) -> None:
    sap = overnight(3)
    planned(sap, now, "split", new=new, old=old, in_lieu=D(400), currency="EUR")
    del board.quotes["EURUSD"]

    apply_due(now)

    assert Position.objects.get(instrument=sap).quantity == shares


@pytest.mark.parametrize(
    "tampered", [{"rate": D("1.3")}, {"currency": "GBP"}, {"local_amount": D("10.01")}, {"rate": None}], ids=str
)
def test_a_dividend_that_does_not_come_to_its_cash_is_found(
    overnight: Any, now: datetime, tampered: dict[str, Any]
) -> None:
    planned(overnight(10), now, "dividend", amount=D(1), currency="EUR")
    apply_due(now)
    entry = Journal.objects.get(kind="dividend")
    Journal.objects.filter(pk=entry.pk).update(**tampered)

    assert broken()["currencies-are-converted"] == (str(entry.pk),)


@pytest.mark.parametrize(("said", "kept"), [("", "EUR"), ("eur", "EUR"), ("USD", "USD"), ("GBP", None)])
def test_the_admin_says_it_in_the_shares_currency_or_in_usd(
    euro: None, admin_client: Client, now: datetime, said: str, kept: str | None
) -> None:
    sap, day = Instrument.objects.get(symbol="SAP"), now.date() + timedelta(days=1)
    sent = {"instrument": sap.pk, "ex_date": day, "kind": "dividend", "amount": "1.50", "currency": said}

    answer = admin_client.post(ADD, sent)

    assert [each.currency for each in CorporateAction.objects.all()] == ([kept] if kept else [])
    if kept is None:
        words = "SAP pays in EUR; say it in that or in USD"
        assert answer.context["adminform"].form.errors["currency"] == [words]
