"""Threads that book the same fact at the same time book it once. On the real database, with real commits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.portfolio import queries, services
from apps.portfolio.models import Account, Journal, Position
from tests.desk.build import fill

THREADS = 8


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each thread got, or the error that it met, all having started together."""
    barrier = Barrier(THREADS)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        except services.NotAvailable as refused:
            return type(refused)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.mark.django_db(transaction=True)
def test_fill_is_booked_by_one_thread_only(alice_account):
    """R-ORDER: executed exactly once, whatever is retried."""
    once = fill("buy 100 AAPL @ 9.50 fee 1.00", exec_id="e1")

    booked = at_once(lambda _: services.book_fill(alice_account.pk, once))

    assert sorted(booked) == [False] * (THREADS - 1) + [True]
    assert (Account.objects.get().cash, Position.objects.get().quantity) == (9049, 100)


@pytest.mark.django_db(transaction=True)
def test_deposit_is_booked_by_one_thread_only(alice_account):
    at_once(lambda _: services.deposit(alice_account, Decimal(50), "gift", ""))

    assert (Account.objects.get().cash, Journal.objects.count()) == (10_050, 2)


@pytest.mark.django_db(transaction=True)
def test_cash_is_not_held_twice(alice_account):
    """R-RISK: eight buys of 3,000 against 10,000 are three."""
    found = at_once(lambda _: services.hold_cash(Account.objects.get(), Decimal(3000), timezone.now()))

    assert (found.count(None), found.count(services.NotAvailable)) == (3, 5)
    assert Account.objects.get().reserved == 9000


@pytest.mark.django_db(transaction=True)
def test_shares_are_not_held_twice(alice_account, market, book):
    """R-RISK: eight sells of 30 against 100 are three."""
    book(alice_account, "buy 100 AAPL @ 9.00")

    found = at_once(lambda _: services.hold_shares(alice_account, market["AAPL"], Decimal(30)))

    assert (found.count(None), found.count(services.NotAvailable)) == (3, 5)
    assert queries.holding(alice_account, "AAPL") == (100, 90)


@pytest.mark.django_db(transaction=True)
def test_fills_of_many_threads_leave_books_that_agree(alice_account):
    at_once(lambda number: services.book_fill(alice_account.pk, fill("buy 10 AAPL @ 9.50 fee 1.00", f"e{number}")))

    assert (Account.objects.get().cash, Position.objects.get().quantity) == (10_000 - THREADS * 96, THREADS * 10)
    found = queries.unbalanced_journals(), queries.cash_mismatches(), queries.position_mismatches()
    assert [list(rows) for rows in found] == [[], [], []]
