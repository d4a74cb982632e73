"""Every invariant holds after any trading, and is the only one that finds what was broken by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from apps.market.models import MarketState
from apps.portfolio import services as portfolio
from apps.portfolio import sums
from apps.portfolio.models import Account, Journal
from apps.trades import filling, services
from apps.trades.invariants import INVARIANTS
from apps.trades.models import Fill

from .breaks import BREAKS, LEAST, Break, fill_less, first_order
from .broken import broken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _traded(
    account: Account, bob: Any, placed: Any, quote: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deposits; a buy in three parts at two prices; a close; a part cancelled; a sale over two lots; orders that work,
    exits and an OCO among them; bob; another close; parts of the ledger summed up."""
    portfolio.deposit(account, Decimal("250.50"), "gift", "A gift")
    placed("buy 60 AAPL limit 150.03", "gtc")
    for ask, size in (("150.01", 10), ("150.02", 20), ("150.02", 30)):
        filling.match_symbol("AAPL", quote(ask=ask, size=size), None, now)
    MarketState.objects.update(session_date=now.date() - timedelta(days=1))
    portfolio.keep_session_equity(now - timedelta(days=1))
    MarketState.objects.update(session_date=now.date())
    portfolio.deposit(account, Decimal(100), "another", "Another gift")
    partly = placed("buy 40 AAPL limit 150.01")
    filling.match_symbol("AAPL", quote(size=15), None, now)
    services.cancel_order(account, partly.pk, now)
    placed("sell 27 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    placed("sell 20 AAPL limit 160.00", "gtc")
    placed("buy 10 AAPL limit 140.00")
    placed("buy 12 AAPL limit 150.01", take_profit=Decimal(160), stop_loss=Decimal(140))
    filling.match_symbol("AAPL", quote(), None, now)
    placed("sell 10 AAPL limit 165.00", "gtc", oco_stop=Decimal(140))
    portfolio.open_account(bob, Decimal(500))
    monkeypatch.setattr(sums, "PART", 3)
    portfolio.keep_session_equity(now)
    portfolio.sum_up(account.pk)


def test_everything_holds_after_trading() -> None:
    """R-LEDGER"""
    findings = [invariant.look() for invariant in INVARIANTS]

    assert {each.name: each.wrong for each in findings} == {each.name: 0 for each in INVARIANTS}
    assert {each.kind: each.rows for each in findings} == {
        "journals": 10,
        "accounts": 2,
        "positions": 1,
        "lots": 4,
        "orders": 10,
        "fills": 6,
        "streams": 2,
        "session equities": 3,
        "ledger parts": 3,
    }


def test_an_average_rounded_at_each_fill_is_right() -> None:
    """10 at 150.01 and 50 at 150.02 are 150.01833333, but for what the rounding after the second fill added."""
    fills = Fill.objects.filter(order=first_order().get()).order_by("pk")

    assert list(fills.values_list("last_qty", "last_px")) == [
        (10, Decimal("150.01")),
        (20, Decimal("150.02")),
        (30, Decimal("150.02")),
    ]
    assert first_order().get().avg_px == Decimal("150.01833334")
    assert broken() == {}


@pytest.mark.parametrize("name, act", [(name, act) for name, _, act in BREAKS], ids=[words for _, words, _ in BREAKS])
def test_what_is_broken_by_hand_is_found_by_its_invariant_alone(name: str, act: Break) -> None:
    """R-LEDGER"""
    act()

    assert list(broken()) == [name]


def test_every_invariant_is_broken_above() -> None:
    assert {name for name, _, _ in BREAKS} == {invariant.name for invariant in INVARIANTS}


def test_the_rows_that_are_wrong_are_named(bob: Any) -> None:
    wrong = Account.objects.get(user=bob)
    Account.objects.filter(pk=wrong.pk).update(cash=F("cash") + LEAST)
    order = first_order().get()
    fill_less()

    assert broken() == {"cash-is-booked": (str(wrong.pk),), "orders-are-fills": (str(order.pk),)}


def test_ten_are_named_and_all_are_counted(account: Account, now: datetime) -> None:
    for number in range(12):
        Journal.objects.create(account=account, ref=f"empty-{number}", kind="gift", at=now)

    finding = INVARIANTS[0].look()

    assert (finding.wrong, len(finding.ids)) == (12, 10)


def test_money_that_moved_between_accounts_breaks_more_than_one(bob: Any) -> None:
    Journal.objects.filter(kind="buy").update(account=Account.objects.get(user=bob))

    assert list(broken()) == [
        "cash-is-booked",
        "positions-are-booked",
        "results-are-booked",
        "accounts-add-up",
        "closes-are-booked",
        "parts-are-booked",
        "fills-are-booked",
    ]


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_each_is_one_statement_and_a_count(invariant: Any, placed: Any, quote: Any, now: datetime) -> None:
    for _ in range(3):
        placed("buy 40 AAPL limit 150.03")
        for ask in ("150.01", "150.02"):
            filling.match_symbol("AAPL", quote(ask=ask, size=30), None, now)

    with CaptureQueriesContext(connection) as asked:
        invariant.look()

    assert len(asked) == 2
