"""The ledger and the equity curve as a trader reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet

from apps.desk import ledger as books
from apps.desk.money import ZERO
from apps.market.queries import former_of

from .models import Account, EquityPoint, Journal, LedgerEntry
from .queries import total

PAGE_SIZE = 25
BOOKS = {books.REALIZED: "Realised"}
"""What a trader calls a book whose own word will not do."""
SPANS: dict[str, tuple[str, timedelta | None, tuple[int, ...] | None]] = {
    # name: (label, how far back, which minutes of the hour)
    "day": ("1 day", timedelta(days=1), None),
    "week": ("1 week", timedelta(days=7), (0, 15, 30, 45)),
    "month": ("1 month", timedelta(days=30), (0,)),
    "all": ("All", None, (0,)),
}


@dataclass(frozen=True, slots=True)
class JournalView:
    """One booking: what it did to cash (USD), the cash after it (None in a search), and its lines."""

    ref: str
    kind: str
    what: str
    symbol: str
    at: datetime
    cash: Decimal
    balance: Decimal | None
    lines: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class LedgerPage:
    rows: tuple[JournalView, ...]
    number: int
    pages: int
    total: int
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    equity: Decimal


def ledger_page(account_id: int, *, text: str = "", number: int | str = 1, size: int = PAGE_SIZE) -> LedgerPage:
    """The account's bookings, newest first; `text` searches symbol, memo, kind and reference."""
    found = journals(account_id, text.strip())
    page = Paginator(found.prefetch_related("entries").select_related("instrument"), size).get_page(number)
    rows = list(page.object_list)
    balance = None if text.strip() else cash_after(rows[0]) if rows else ZERO
    views = views_of(rows, balance)
    return LedgerPage(views, page.number, page.paginator.num_pages, page.paginator.count, text.strip())


def views_of(rows: Iterable[Journal], balance: Decimal | None = None) -> tuple[JournalView, ...]:
    """The journals as they are shown, newest first; `balance` is the cash after the first of them, if known."""
    views = []
    for row in rows:
        entries = row.entries.all()
        lines = tuple((BOOKS.get(entry.book, entry.book.capitalize()), entry.amount) for entry in entries)
        cash = sum((entry.amount for entry in entries if entry.book == books.CASH), ZERO)
        symbol = row.instrument.symbol if row.instrument else ""
        views.append(JournalView(row.ref, row.kind, row.in_words, symbol, row.at, cash, balance, lines))
        balance = None if balance is None else balance - cash
    return tuple(views)


def journals(account_id: int, text: str) -> QuerySet[Journal]:
    rows = Journal.objects.filter(account_id=account_id).order_by("-id")
    if not text:
        return rows
    named = Q(instrument__symbol__iexact=text) | Q(instrument__in=former_of(text)) | Q(kind__iexact=text)
    return rows.filter(named | Q(memo__icontains=text) | Q(ref__icontains=text))


def cash_after(journal: Journal) -> Decimal:
    """The account's cash when this had been booked: ids rise within an account, locked to book.

    Counted back from what it has now, for the newest bookings are asked for most.
    """
    later = LedgerEntry.objects.filter(journal__account=OuterRef("pk"), journal_id__gt=journal.pk, book=books.CASH)
    accounts = Account.objects.filter(pk=journal.account_id)
    held = accounts.annotate(since=total(later, "journal__account", "amount"))
    return sum((cash - since for cash, since in held.values_list("cash", "since")), ZERO)


def equity_curve(account_id: int, span: str, now: datetime) -> list[Point]:
    """What the account was worth over a span, thinner the longer it is; always with the newest point.

    Raises KeyError for an unknown span.
    """
    _, back, minutes = SPANS[span]
    points = EquityPoint.objects.filter(account_id=account_id).order_by("at")
    newest = points.last()
    if newest is None:
        return []
    chosen = points if back is None else points.filter(at__gte=now - back)
    chosen = chosen if minutes is None else chosen.filter(at__minute__in=minutes)
    curve = [Point(at, equity) for at, equity in chosen.values_list("at", "equity")]
    if not curve or curve[-1].at < newest.at:
        curve.append(Point(newest.at, newest.equity))
    return curve


def thinned(curve: list[Point], most: int) -> list[Point]:
    """At most `most` of the points, evenly apart, newest first: the table behind the chart."""
    step = -(-len(curve) // most) if curve else 1
    return curve[::-1][::step]
