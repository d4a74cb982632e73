"""Every invariant holds after any trading, and is the only one that finds what was broken by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from apps.live.models import Event, Stream
from apps.market.models import Instrument
from apps.portfolio import services as portfolio
from apps.portfolio import sums
from apps.portfolio.models import Account, Journal, LedgerEntry, LedgerPart, Lot, PartSum, Position
from apps.trades import filling, services
from apps.trades.invariants import INVARIANTS
from apps.trades.models import Fill, Order

from .broken import broken

pytestmark = pytest.mark.django_db
Break = Callable[[], Any]
LEAST = 1  # in a column of whole numbers: a cent, or the least part of a share or a price


@pytest.fixture(autouse=True)
def _traded(
    account: Account, bob: Any, placed: Any, quote: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deposits; a buy in three parts at two prices; a part cancelled; a sale over two lots; orders that work; bob;
    parts of the ledger summed up."""
    portfolio.deposit(account, Decimal("250.50"), "gift", "A gift")
    placed("buy 60 AAPL limit 150.03", "gtc")
    for ask, size in (("150.01", 10), ("150.02", 20), ("150.02", 30)):
        filling.match_symbol("AAPL", quote(ask=ask, size=size), None, now)
    partly = placed("buy 40 AAPL limit 150.01")
    filling.match_symbol("AAPL", quote(size=15), None, now)
    services.cancel_order(account, partly.pk, now)
    placed("sell 27 AAPL")
    filling.match_symbol("AAPL", quote(), None, now)
    placed("sell 20 AAPL limit 160.00", "gtc")
    placed("buy 10 AAPL limit 140.00")
    portfolio.open_account(bob, Decimal(500))
    monkeypatch.setattr(sums, "PART", 3)
    portfolio.sum_up(account.pk)


def first_order() -> Any:
    return Order.objects.filter(client_order_id="ticket-1")


def journal(kind: str, *lines: tuple[str, int], **facts: Any) -> Journal:
    row = Journal.objects.create(
        account=Account.objects.earliest("pk"), ref="by hand", kind=kind, at=Journal.objects.latest("pk").at, **facts
    )
    LedgerEntry.objects.bulk_create(LedgerEntry(journal=row, book=book, amount=amount) for book, amount in lines)
    return row


def gain_and_pay_more() -> None:
    Position.objects.update(realized_pnl=F("realized_pnl") + LEAST, commission=F("commission") + LEAST)


def earn_without_a_position() -> None:
    journal("gift", ("cash", 5), ("realized", -5))
    Account.objects.filter(pk=Account.objects.earliest("pk").pk).update(cash=F("cash") + 500)


def call_profit_a_dividend() -> None:
    Position.objects.update(realized_pnl=F("realized_pnl") - LEAST, dividends=F("dividends") + LEAST)


def be_paid_interest() -> None:
    """Cash that came in as something else is called interest."""
    journal("gift", ("cash", 1), ("elsewhere", -1))
    first = Account.objects.earliest("pk")
    Account.objects.filter(pk=first.pk).update(interest=F("interest") + 100, cash=F("cash") + 100)


def owe_shares() -> None:
    """With books that say the same."""
    account, other = Account.objects.latest("pk"), Instrument.objects.get(symbol="MSFT")
    held = Position.objects.create(account=account, instrument=other, quantity=-1, cost=-1)
    held.lots.create(exec_id="owed", quantity=-1, cost=-1, price=1, opened_at=account.opened_at)
    row = Journal.objects.create(
        account=account, ref="owed", kind="gift", instrument=other, quantity=-1, at=account.opened_at
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(journal=row, book=book, amount=amount) for book, amount in (("cash", 1), ("securities", -1))
    )
    Account.objects.filter(pk=account.pk).update(cash=F("cash") + 100)


def find_a_bit_of_a_share() -> None:
    Position.objects.update(quantity=F("quantity") + LEAST)
    Lot.objects.filter(pk=Lot.objects.latest("pk").pk).update(quantity=F("quantity") + LEAST)


def buy_nothing_for_nothing() -> None:
    journal("buy", ("cash", 0), instrument=Instrument.objects.get(symbol="AAPL"))


def tell_past_the_number() -> None:
    last = Event.objects.latest("pk")
    Event.objects.create(stream=last.stream, seq=last.seq + 1, kind=last.kind, at=last.at)


def hold_for_what_is_filled() -> None:
    row = Order.objects.get(status="new", side="buy")
    row.pk, row.client_order_id, row.status, row.reserved = uuid.uuid4(), "held", "held", 0
    row.after = first_order().get()
    row.save(force_insert=True)


def begin_before_its_turn() -> None:
    working = Order.objects.filter(status="new").order_by("created_at", "client_order_id")
    Order.objects.filter(pk=working[1].pk).update(after=working[0])


def of(model: Any, **facts: Any) -> Break:
    """Changes one row, the newest."""
    return lambda: model.objects.filter(pk=model.objects.latest("pk").pk).update(**facts)


def of_order(**facts: Any) -> Break:
    """Changes the order that was filled at two prices."""
    return lambda: first_order().update(**facts)


BREAKS: list[tuple[str, str, Break]] = [
    ("journals-balance", "a journal without lines", lambda: journal("gift")),
    ("cash-is-booked", "cash from nowhere", of(Account, cash=F("cash") + LEAST)),
    ("positions-are-lots", "a lot of another size", of(Lot, quantity=F("quantity") + LEAST)),
    ("positions-are-lots", "a lot of another cost", of(Lot, cost=F("cost") + LEAST)),
    ("positions-are-booked", "shares from nowhere", find_a_bit_of_a_share),
    ("results-are-booked", "profit and fees that make up for each other", gain_and_pay_more),
    ("results-are-booked", "profit called a dividend", call_profit_a_dividend),
    (
        "currencies-are-converted",
        "a share that is in another currency",
        lambda: Instrument.objects.update(currency="EUR"),
    ),
    ("interest-is-booked", "interest that nobody paid", be_paid_interest),
    ("shorts-are-on-margin", "shares owed by a cash account", owe_shares),
    ("accounts-add-up", "profit that no position made", earn_without_a_position),
    ("parts-are-booked", "a sum that is another", of(PartSum, cash=F("cash") + LEAST)),
    ("parts-are-booked", "a sum that is missing", lambda: PartSum.objects.earliest("pk").delete()),
    ("parts-are-booked", "a part that ends later", of(LedgerPart, ends_at=F("ends_at") + timedelta(seconds=1))),
    ("cash-held-back", "cash held for nobody", lambda: Account.objects.update(reserved=F("reserved") + LEAST)),
    ("shares-held-back", "shares held for nobody", of(Position, reserved=F("reserved") + LEAST)),
    ("closed-orders-hold-nothing", "a filled order that holds", of_order(reserved=1)),
    ("seconds-wait-for-firsts", "one held for what is filled", hold_for_what_is_filled),
    ("seconds-wait-for-firsts", "one that began too early", begin_before_its_turn),
    ("orders-are-fills", "an order filled less than its fills", of_order(cum_qty=F("cum_qty") - LEAST)),
    ("average-prices", "the least bit too high", of_order(avg_px=F("avg_px") + LEAST)),
    ("average-prices", "the least bit too low", of_order(avg_px=F("avg_px") - LEAST)),
    ("average-prices", "no average", of_order(avg_px=None)),
    ("average-prices", "the average of nothing", lambda: Order.objects.filter(cum_qty=0).update(avg_px=150)),
    ("fills-are-booked", "a fill of another fee", of(Fill, commission=F("commission") + LEAST)),
    ("fills-are-booked", "booked at another price", lambda: Journal.objects.update(price=F("price") + LEAST)),
    ("fills-are-booked", "booked at no price", lambda: Journal.objects.update(price=None)),
    ("bookings-are-fills", "a booking without a fill", buy_nothing_for_nothing),
    ("streams-have-no-gap", "an event that is missing", lambda: Event.objects.earliest("pk").delete()),
    ("streams-have-no-gap", "an event after the last", tell_past_the_number),
    ("streams-have-no-gap", "a number that nobody has", lambda: Stream.objects.update(seq=F("seq") + 1)),
]


def test_everything_holds_after_trading() -> None:
    """R-LEDGER"""
    findings = [invariant.look() for invariant in INVARIANTS]

    assert {each.name: each.wrong for each in findings} == {each.name: 0 for each in INVARIANTS}
    assert {each.kind: each.rows for each in findings} == {
        "journals": 8,
        "accounts": 2,
        "positions": 1,
        "orders": 5,
        "fills": 5,
        "streams": 2,
        "ledger parts": 2,
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
    first_order().update(cum_qty=F("cum_qty") - LEAST)

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
