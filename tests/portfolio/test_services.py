from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.live.models import Event
from apps.portfolio import queries, services
from apps.portfolio.models import Account, EquityPoint, Journal, LedgerEntry, Lot, Position
from tests.desk.build import NOON, fill


def cash_of(account):
    return Account.objects.get(pk=account.pk).cash


def lines_of(ref):
    return {entry.book: entry.amount for entry in LedgerEntry.objects.filter(journal__ref=ref)}


def books_agree():
    found = queries.unbalanced_journals(), queries.cash_mismatches(), queries.position_mismatches()
    return [list(rows) for rows in found] == [[], [], []]


def test_account_opens_with_paper_cash_that_is_booked(alice, settings):
    settings.PAPER_CASH = 2500

    account = services.open_account(alice)

    assert (account.cash, cash_of(account)) == (2500, 2500)
    assert lines_of(f"opening:{account.pk}") == {"cash": 2500, "funding": -2500}
    assert books_agree()


def test_account_opens_once(alice):
    first = services.open_account(alice, 100)

    again = services.open_account(alice, 100)

    assert (again.pk, cash_of(first), Journal.objects.count()) == (first.pk, 100, 1)


def test_account_without_a_deposit_is_empty(alice):
    assert (services.open_account(alice, 0).cash, Journal.objects.count()) == (0, 0)


def test_deposit_is_booked_and_announced_once_per_ref(alice_account):
    for _ in range(2):
        services.deposit(alice_account, Decimal("250.50"), "gift", "A gift")

    assert (alice_account.cash, cash_of(alice_account)) == (Decimal("10250.50"), Decimal("10250.50"))
    event = Event.objects.get(facts__memo="A gift")
    key = alice_account.pk
    assert (event.kind, event.toast, event.facts["amount"]) == ("account.deposit", True, "250.50")
    assert event.topics[:4] == [f"account/{key}", f"positions/{key}", f"ledger/{key}", f"breakdown/{key}"]
    assert books_agree()


def test_withdrawal_takes_what_is_free_once_per_ref(alice_account):
    services.hold_cash(alice_account, Decimal(9_000), NOON)
    with pytest.raises(services.NotAvailable, match=r"1,000.01 USD asked for, 1,000.00 free"):
        services.withdraw(alice_account, Decimal("1000.01"), "too-much", "")

    for _ in range(2):
        services.withdraw(alice_account, Decimal(1_000), "all", "Back")

    assert (alice_account.cash, cash_of(alice_account)) == (9_000, 9_000)
    event = Event.objects.get(kind="account.withdrawal")
    assert (event.toast, event.facts) == (True, {"amount": "1000", "memo": "Back", "tone": "info"})
    assert books_agree()


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "NaN"])
def test_withdrawal_that_is_no_amount_changes_nothing(alice_account, amount):
    with pytest.raises(ValueError, match=r"withdrawal|number"):
        services.withdraw(alice_account, Decimal(amount), "bad", "")

    assert cash_of(alice_account) == 10_000


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "1000000001", "NaN"])
def test_deposit_that_is_no_amount_changes_nothing(alice_account, amount):
    before = Journal.objects.count(), Event.objects.count()

    with pytest.raises(ValueError, match=r"deposit|number"):
        services.deposit(alice_account, Decimal(amount), "bad", "")

    assert (cash_of(alice_account), Journal.objects.count(), Event.objects.count()) == (10_000, *before)


def test_buy_moves_cash_into_a_lot(alice_account, book):
    book(alice_account, "buy 100 AAPL @ 9.50 fee 1.00")

    position = Position.objects.get()
    lot = Lot.objects.get()
    assert cash_of(alice_account) == 9049
    assert (position.quantity, position.cost, position.commission, position.realized_pnl) == (100, 950, 1, 0)
    assert (lot.quantity, lot.cost, lot.price) == (100, 950, Decimal("9.5"))
    assert lines_of("exec-1") == {"cash": -951, "securities": 950, "commission": 1}
    assert books_agree()


def test_sell_relieves_the_oldest_lot_and_realises(alice_account, book):
    book(alice_account, "buy 100 AAPL @ 9.00; buy 50 AAPL @ 10.00; sell 120 AAPL @ 11.00 fee 1.00")

    position = Position.objects.get()
    assert (position.quantity, position.cost, position.realized_pnl) == (30, 300, 220)
    assert list(Lot.objects.values_list("exec_id", "quantity", "cost")) == [("exec-2", 30, 300)]
    assert lines_of("exec-3") == {"cash": 1319, "securities": -1100, "commission": 1, "realized": -220}
    assert books_agree()


def test_fill_is_booked_once_per_exec_id(alice_account):
    once = fill("buy 100 AAPL @ 9.50 fee 1.00", exec_id="e1")

    assert [services.book_fill(alice_account.pk, once) for _ in range(3)] == [True, False, False]
    assert (cash_of(alice_account), Position.objects.get().quantity, Lot.objects.count()) == (9049, 100, 1)


def test_exec_id_of_another_account_is_not_booked_twice(alice_account, bob_account):
    once = fill("buy 1 AAPL @ 9.50", exec_id="e1")

    assert services.book_fill(alice_account.pk, once)
    assert not services.book_fill(bob_account.pk, once)
    assert cash_of(bob_account) == 500


@pytest.mark.parametrize(
    ("text", "error"),
    [("sell 101 AAPL @ 9.00", ValueError), ("buy 2000 AAPL @ 9.00", IntegrityError)],
)
def test_fill_that_cannot_be_leaves_nothing(alice_account, book, text, error):
    """R-ORDER: neither more shares than are held nor more cash than there is, whoever asks."""
    book(alice_account, "buy 100 AAPL @ 9.00")

    with pytest.raises(error), transaction.atomic():
        book(alice_account, text)

    assert (cash_of(alice_account), Position.objects.get().quantity, Journal.objects.count()) == (9100, 100, 2)
    assert books_agree()


def test_rollback_books_and_announces_nothing(alice_account):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.deposit(alice_account, Decimal(5), "lost", "")
        raise ZeroDivisionError

    assert (cash_of(alice_account), Event.objects.filter(facts__memo="").count()) == (10_000, 0)


def test_cash_is_held_and_given_back(alice_account):
    services.hold_cash(alice_account, Decimal("9999.99"), NOON)
    assert (alice_account.reserved, Account.objects.get().reserved) == (Decimal("9999.99"), Decimal("9999.99"))

    services.release_cash(alice_account, Decimal("9000.00"), NOON)
    assert Account.objects.get().reserved == Decimal("999.99")


@pytest.mark.parametrize("usd", ["10000.01", "-1"])
def test_cash_that_is_not_free_is_not_held(alice_account, usd):
    with pytest.raises(services.NotAvailable):
        services.hold_cash(alice_account, Decimal(usd), NOON)


@pytest.mark.parametrize("usd", ["0.01", "-1"])
def test_cash_that_is_not_held_is_not_given_back(alice_account, usd):
    with pytest.raises(services.NotAvailable):
        services.release_cash(alice_account, Decimal(usd), NOON)


def test_shares_are_held_and_given_back(alice_account, market, book):
    book(alice_account, "buy 100 AAPL @ 9.00")

    services.hold_shares(alice_account, market["AAPL"], Decimal(60))
    services.release_shares(alice_account, market["AAPL"], Decimal(10))

    assert queries.holding(alice_account, "AAPL") == (100, 50)


@pytest.mark.parametrize(("held", "wanted"), [(100, 1), (60, 41), (0, 101), (0, -1)])
def test_shares_that_are_not_free_are_not_held(alice_account, market, book, held, wanted):
    book(alice_account, "buy 100 AAPL @ 9.00")
    services.hold_shares(alice_account, market["AAPL"], Decimal(held))

    with pytest.raises(services.NotAvailable):
        services.hold_shares(alice_account, market["AAPL"], Decimal(wanted))


def test_shares_never_bought_are_neither_held_nor_given_back(alice_account, market):
    for change in (services.hold_shares, services.release_shares):
        with pytest.raises(services.NotAvailable):
            change(alice_account, market["MSFT"], Decimal(1))


def test_equity_is_kept_once_a_minute_for_every_account(alice_account, bob_account, book, quotes):
    book(alice_account, "buy 100 AAPL @ 9.00")
    quotes("AAPL 9.99/10.01 last 10.00")
    now = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)

    for at in (now, now + timedelta(seconds=20), now + timedelta(minutes=1)):
        assert sum(services.take_equity_points(at)) == 2

    assert Counter(EquityPoint.objects.values_list("account_id", "equity")) == {
        (alice_account.pk, Decimal(10_100)): 2,
        (bob_account.pk, Decimal(500)): 2,
    }


def test_equity_is_kept_in_parts_between_which_others_have_their_turn(alice_account, bob_account, monkeypatch):
    monkeypatch.setattr(services, "ACCOUNTS_BEFORE_A_REST", 1)
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)

    parts = services.take_equity_points(now)

    assert (next(parts), EquityPoint.objects.count()) == (1, 1)
    assert (list(parts), EquityPoint.objects.count()) == ([1], 2)


def test_broken_books_are_found(alice_account, book):
    book(alice_account, "buy 100 AAPL @ 9.00")
    LedgerEntry.objects.filter(journal__ref="exec-1", book="cash").update(amount=Decimal(-901))
    Lot.objects.update(quantity=Decimal(99))

    assert [journal.ref for journal in queries.unbalanced_journals()] == ["exec-1"]
    assert list(queries.cash_mismatches()) == [alice_account]
    assert list(queries.position_mismatches()) == [Position.objects.get()]


def test_fill_counts_to_its_session(alice_account):
    late = fill("buy 1 AAPL @ 9.00", at=datetime(2026, 3, 3, 1, tzinfo=UTC))

    services.book_fill(alice_account.pk, replace(late, exec_id="late"))

    assert f"{Journal.objects.get(ref='late').session_date}" == "2026-03-02"


def test_cash_and_shares_from_nowhere_are_found(alice, market):
    account = services.open_account(alice, 0)
    Account.objects.update(cash=Decimal(5))
    Position.objects.create(account=account, instrument=market["AAPL"], quantity=Decimal(1))

    assert list(queries.cash_mismatches()) == [account]
    assert [row.account for row in queries.position_mismatches()] == [account]


def test_journal_without_lines_is_found(alice_account):
    Journal.objects.create(account=alice_account, ref="empty", kind="deposit", at=datetime.now(UTC))

    assert [journal.ref for journal in queries.unbalanced_journals()] == ["empty"]
