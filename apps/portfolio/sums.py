"""What an account's bookings come to, by instrument and kind: of whole parts as they were summed up once, of the rest
from the ledger's own lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from apps.desk import ledger as books
from apps.desk.money import ZERO

from .models import Account, Journal, LedgerEntry, LedgerPart, PartSum

PART = 1000
"""Bookings of a part: as many as are read in some milliseconds, for a moment cuts one part of ordered books."""
MOST_RANGES = 50
"""Parts cut by one moment, each apart from the next; with more of them the whole ledger is read instead."""
BOOKS = (books.CASH, books.SECURITIES, books.REALIZED, books.COMMISSION, books.DIVIDENDS, books.INTEREST)
"""Those that are summed up; each is a column of its own."""

Key = tuple[int | None, str]
"""An instrument's id, None for what has none, and the kind of booking."""
Part = tuple[int, int, datetime, datetime]
"""Its first and last booking's id, and the moments that its bookings lie between."""
Range = tuple[int, int | None]
"""The first and the last id of bookings, both included; None: there is no last."""


@dataclass(slots=True)
class Sums:
    """In shares, lines and USD as in the ledger: debit positive, credit negative."""

    quantity: Decimal = ZERO
    cash_lines: int = 0
    cash: Decimal = ZERO
    securities: Decimal = ZERO
    realized: Decimal = ZERO
    commission: Decimal = ZERO
    dividends: Decimal = ZERO
    interest: Decimal = ZERO

    def add(self, book: str, amount: Decimal, lines: int) -> None:
        setattr(self, book, getattr(self, book) + amount)
        if book == books.CASH:
            self.cash_lines += lines


COLUMNS = tuple(Sums.__slots__)


def booked_sums(account_id: int, at: datetime | None = None) -> dict[Key, Sums]:
    """All that was booked of moments up to `at`, of any moment where it is None. Four queries, whatever the rows."""
    parts = LedgerPart.objects.filter(account_id=account_id).order_by("last_id")
    bounds = list(parts.values_list("first_id", "last_id", "begins_at", "ends_at"))
    ranges = still_to_read(bounds, at)
    if len(ranges) > MOST_RANGES:
        return plain_sums(account_id, [(0, None)], at)
    found = plain_sums(account_id, ranges, at)
    newest = bounds[-1][1] if bounds else 0  # a part that is made meanwhile is in what was read
    whole = PartSum.objects.filter(part__account_id=account_id, part__last_id__lte=newest)
    whole = whole.filter(part__ends_at__lte=at) if at else whole
    rows = whole.order_by().values_list("instrument", "kind").annotate(*(Sum(column) for column in COLUMNS))
    for instrument, kind, *sums in rows:
        before = found.setdefault((instrument, kind), Sums())
        for column, value in zip(COLUMNS, sums, strict=True):
            setattr(before, column, getattr(before, column) + value)
    return found


def plain_sums(account_id: int, ranges: list[Range], at: datetime | None = None) -> dict[Key, Sums]:
    """Of the bookings in these ranges, line by line."""
    found: dict[Key, Sums] = {}
    moved = Journal.objects.filter(within("", ranges), account=account_id)
    lines = LedgerEntry.objects.filter(within("journal__", ranges), journal__account=account_id, book__in=BOOKS)
    if at:
        moved, lines = moved.filter(at__lte=at), lines.filter(journal__at__lte=at)
    for instrument, kind, quantity in (
        moved.order_by().values_list("instrument", "kind").annotate(quantities=Sum("quantity"))
    ):
        found[instrument, kind] = Sums(quantity)
    of_lines = lines.order_by().values_list("journal__instrument", "journal__kind", "book")
    for instrument, kind, book, amount, count in of_lines.annotate(Sum("amount"), Count("pk")):
        found.setdefault((instrument, kind), Sums()).add(book, amount, count)
    return found


def within(journal: str, ranges: list[Range]) -> Q:
    found = Q()
    for first, last in ranges:
        found |= Q(**{f"{journal}id__gte": first}) & (Q() if last is None else Q(**{f"{journal}id__lte": last}))
    return found


def still_to_read(parts: Iterable[Part], at: datetime | None) -> list[Range]:
    """What no sums are kept of: parts that the moment cuts, those in a row made one, and what is after the last."""
    found, begun, newest = list[Range](), 0, 0
    for first, last, begins_at, ends_at in parts:
        newest = last
        if at and begins_at <= at < ends_at:
            begun = begun or first
        elif begun:
            found.append((begun, first - 1))
            begun = 0
    return [*found, (begun or newest + 1, None)]


# What is still to be summed up


def summed_up_to(account_id: int) -> int:
    """The newest booking that is in a part; 0 for none."""
    newest: int | None = LedgerPart.objects.filter(account=account_id).aggregate(Max("last"))["last__max"]
    return newest or 0


def next_part(account_id: int) -> list[int]:
    """The ids of the bookings that the next part is of; none while there are too few."""
    rows = Journal.objects.filter(account=account_id, id__gt=summed_up_to(account_id)).order_by("id")
    ids = list(rows.values_list("id", flat=True)[:PART])
    return ids if len(ids) == PART else []


def with_a_part_due() -> list[int]:
    """The accounts with bookings enough for a part; one query."""
    own = {"account": OuterRef("pk")}
    newest = LedgerPart.objects.filter(**own).order_by("-last_id").values("last_id")[:1]
    later = Journal.objects.filter(**own, id__gt=OuterRef("summed")).order_by("id").values("id")
    accounts = Account.objects.annotate(summed=Coalesce(Subquery(newest), Value(0)))
    due = accounts.annotate(due=Subquery(later[PART - 1 : PART])).filter(due__isnull=False)
    return list(due.order_by("pk").values_list("pk", flat=True))
