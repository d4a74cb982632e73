"""Bookings that a figure sums, read a page at a time: what each brought, and what it cost in fees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, overload

from django.db.models import Q, QuerySet, Sum

from apps.desk import ledger as books
from apps.desk.money import ZERO

from .models import Journal, LedgerEntry

OF_FILLS = (books.REALIZED, books.COMMISSION)
OTHER = Q(book__in=(books.DIVIDENDS, books.INTEREST)) | Q(book__in=OF_FILLS, journal__instrument=None)
"""Lines of P&L that are no symbol's trading."""


class Booking(NamedTuple):
    """What it brought, fees not taken off, its commission, and both together (USD)."""

    at: datetime
    what: str
    symbol: str
    gained: Decimal
    fee: Decimal
    net: Decimal


class Bookings(Sequence[Booking]):
    """Those that have one of these lines, the newest first. Two queries a page, whatever there is of them."""

    def __init__(self, lines: QuerySet[LedgerEntry]) -> None:
        self.lines = lines
        rows = Journal.objects.filter(pk__in=lines.order_by().values("journal"))
        self.rows = rows.select_related("instrument").order_by("-id")

    def __len__(self) -> int:
        return self.rows.count()

    @overload
    def __getitem__(self, at: int) -> Booking: ...
    @overload
    def __getitem__(self, at: slice) -> list[Booking]: ...
    def __getitem__(self, at: int | slice) -> Booking | list[Booking]:
        return self.read(self.rows[at]) if isinstance(at, slice) else self.read([self.rows[at]])[0]

    def __iter__(self) -> Iterator[Booking]:
        return iter(self[:])

    def read(self, rows: Sequence[Journal] | QuerySet[Journal]) -> list[Booking]:
        gained, fees = defaultdict[int, Decimal](Decimal), defaultdict[int, Decimal](Decimal)
        own = self.lines.filter(journal__in=[row.pk for row in rows])
        for journal, book, amount in own.values_list("journal", "book", "amount"):
            if book == books.COMMISSION:
                fees[journal] += amount
            else:
                gained[journal] -= amount
        return [booking_of(row, gained[row.pk], fees[row.pk]) for row in rows]


def booking_of(row: Journal, gained: Decimal, fee: Decimal) -> Booking:
    return Booking(row.at, row.in_words, row.instrument.symbol if row.instrument else "", gained, fee, gained - fee)


def lines_between(account_id: int, after: int, upto: int | None) -> QuerySet[LedgerEntry]:
    """Of an account's bookings after one, up to another; None: up to now."""
    lines = LedgerEntry.objects.filter(journal__account=account_id, journal__gt=after)
    return lines if upto is None else lines.filter(journal__lte=upto)


def fills_of(lines: QuerySet[LedgerEntry], symbols: Collection[str]) -> Bookings:
    """Those of these symbols that closed something or cost a fee."""
    return Bookings(lines.filter(book__in=OF_FILLS, journal__instrument__symbol__in=symbols))


def others_of(lines: QuerySet[LedgerEntry]) -> Bookings:
    return Bookings(lines.filter(OTHER))


def sum_of(lines: QuerySet[LedgerEntry]) -> Decimal:
    """What they brought, below zero what they cost (USD)."""
    found: Decimal | None = lines.aggregate(Sum("amount"))["amount__sum"]
    return -(found or ZERO)
