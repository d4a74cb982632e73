"""What is summed up once is what the ledger's lines come to, at any moment, whatever order they were booked in."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db.models import F, Sum

from apps.portfolio import services, sums
from apps.portfolio.asof import view_as_of
from apps.portfolio.models import Account, Journal, LedgerEntry, LedgerPart, PartSum
from apps.portfolio.receipt_lines import FIGURES
from apps.portfolio.receipts import Asked, receipt_of
from apps.portfolio.sums import booked_sums, plain_sums, still_to_read
from tests.desk.build import fills

OPENED = datetime(2026, 3, 2, 14, tzinfo=UTC)
FILLS = "buy 10 AAPL @ 9.50 fee 1.00; buy 4 MSFT @ 19.95 fee 0.35; sell 4 AAPL @ 10.01; sell 2 MSFT @ 21.05 fee 1.00"
SEED = 20261129


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "PART", 4)


@pytest.fixture
def account(alice: Any, market: Any) -> Account:
    with time_machine.travel(OPENED, tick=False):
        return services.open_account(alice, Decimal(10_000))


@pytest.fixture
def traded(account: Account, book: Callable[..., None]) -> Account:
    """24 fills, 8 that come later and are of earlier moments, and a gift; all in parts but the newest."""
    for minute in range(6):
        book(account, FILLS, at=OPENED + timedelta(minutes=10 * minute))
    for minute in (5, 35):
        book(account, FILLS, at=OPENED + timedelta(minutes=minute))
    with time_machine.travel(OPENED + timedelta(minutes=61), tick=False):
        services.deposit(account, Decimal(70), "gift", "A gift")
    services.sum_up(account.pk)
    book(account, "buy 1 AAPL @ 9.00", at=OPENED + timedelta(minutes=62))
    return account


def moments() -> list[datetime | None]:
    """The ends of parts, a microsecond beside them, and some from the dice."""
    ends = [at for each in LedgerPart.objects.all() for at in (each.begins_at, each.ends_at)]
    beside = [at + timedelta(microseconds=by) for at in ends for by in (-1, 0, 1)]
    dice = random.Random(SEED)
    return [None, *beside, *(OPENED + timedelta(seconds=dice.uniform(-60, 4_000)) for _ in range(50))]


def plain(account: Account, at: datetime | None) -> dict[tuple[int | None, str], tuple[object, ...]]:
    """By other means: each booking with its lines, added up here."""
    rows = Journal.objects.filter(account=account).prefetch_related("entries")
    found: dict[tuple[int | None, str], dict[str, Decimal]] = {}
    for row in rows:
        if at is None or row.at <= at:
            own = found.setdefault((row.instrument_id, row.kind), {})
            own["quantity"] = own.get("quantity", Decimal(0)) + row.quantity
            for entry in row.entries.all():
                own[entry.book] = own.get(entry.book, Decimal(0)) + entry.amount
                own["cash_lines"] = own.get("cash_lines", Decimal(0)) + (entry.book == "cash")
    return {key: tuple(own.get(column, 0) for column in sums.COLUMNS) for key, own in found.items()}


def as_rows(found: dict[tuple[int | None, str], sums.Sums]) -> dict[tuple[int | None, str], tuple[object, ...]]:
    return {key: tuple(getattr(each, column) for column in sums.COLUMNS) for key, each in found.items()}


def test_sums_that_are_kept_are_those_of_the_lines_at_any_moment(traded: Account) -> None:
    assert LedgerPart.objects.count() == 8
    for at in moments():
        expected = plain(traded, at)
        assert as_rows(booked_sums(traded.pk, at)) == expected, at
        assert as_rows(plain_sums(traded.pk, [(0, None)], at)) == expected, at


def test_every_figure_of_the_past_is_the_same_without_parts(traded: Account) -> None:
    every = [at for at in moments() if at is not None]

    def figures() -> list[object]:
        each = [Asked(traded, *view_as_of(traded, at), "", at) for at in every]
        return [receipt_of(figure, asked).lines for asked in each for figure in FIGURES.values()]

    with_parts = figures()
    LedgerPart.objects.all().delete()

    assert with_parts == figures()


def test_a_moment_that_cuts_too_many_parts_is_read_line_by_line(
    traded: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = OPENED + timedelta(minutes=20)
    expected = as_rows(booked_sums(traded.pk, at))
    monkeypatch.setattr(sums, "MOST_RANGES", 0)

    assert as_rows(booked_sums(traded.pk, at)) == expected == plain(traded, at)


def test_parts_that_a_moment_cuts_are_read_as_one_where_they_follow_each_other() -> None:
    early, late, at = OPENED, OPENED + timedelta(hours=2), OPENED + timedelta(hours=1)
    whole, cut, later = (early, early), (early, late), (late, late)
    parts = [(1, 4, *cut), (7, 9, *cut), (12, 15, *whole), (20, 24, *cut), (30, 31, *later), (40, 44, *cut)]

    assert still_to_read(parts, at) == [(1, 11), (20, 29), (40, None)]
    assert still_to_read(parts[:3], at) == [(1, 11), (16, None)]
    assert still_to_read(parts, None) == [(45, None)]
    assert still_to_read([], at) == [(1, None)]


def test_parts_are_made_at_a_close_and_when_fills_are_imported(account: Account, bob_account: Account) -> None:
    text = "; ".join([FILLS] * 3)
    bought = [replace(fill, exec_id=f"file-{number}") for number, fill in enumerate(fills(text))]

    services.book_fills(account, bought)
    assert list(LedgerPart.objects.values_list("account", flat=True)) == [account.pk] * 3

    for number in range(4):
        services.deposit(bob_account, Decimal(1), f"gift-{number}", "A gift")
    services.keep_session_equity(datetime.now(UTC))
    assert LedgerPart.objects.filter(account=bob_account).count() == 1
    assert services.sum_up(bob_account.pk) == 0


def test_parts_are_another_accounts_no_more_than_its_bookings(traded: Account, bob_account: Account) -> None:
    found = booked_sums(bob_account.pk)

    assert {key: each.cash for key, each in found.items()} == {(None, "deposit"): 500}


def test_the_books_and_the_parts_hold_the_same_cash(traded: Account) -> None:
    in_parts = PartSum.objects.aggregate(cash=Sum("cash"))["cash"]
    last = LedgerPart.objects.latest("last_id").last_id
    lines = LedgerEntry.objects.filter(journal__account=traded, journal_id__lte=last, book="cash")

    assert in_parts == lines.aggregate(cash=Sum("amount"))["cash"]
    PartSum.objects.filter(pk=PartSum.objects.latest("pk").pk).update(cash=F("cash") + 1)
    assert as_rows(booked_sums(traded.pk)) != plain(traded, None)
