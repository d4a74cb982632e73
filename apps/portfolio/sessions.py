"""Closes of sessions on record, and how far the books had come at each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Max, Sum

from apps.desk import ledger as books
from apps.desk.money import ZERO

from .models import Account, Journal, LedgerEntry, SessionEquity


def not_closed(session: date) -> list[int]:
    """The accounts whose equity at the close of that session is not on record."""
    closed = SessionEquity.objects.filter(session_date=session).values("account")
    return list(Account.objects.exclude(pk__in=closed).order_by("pk").values_list("pk", flat=True))


def reached(account_ids: list[int]) -> dict[int, tuple[Decimal, int | None]]:
    """Of each account: the net flow (USD) since its last close on record, and its newest journal."""
    funding = LedgerEntry.objects.filter(journal__account__in=account_ids, book=books.FUNDING)
    came = dict(funding.values_list("journal__account").annotate(Sum("amount")))
    closes = SessionEquity.objects.filter(account__in=account_ids).order_by()
    counted = dict(closes.values_list("account").annotate(Sum("flow")))
    newest = dict(
        Journal.objects.filter(account__in=account_ids).order_by().values_list("account").annotate(Max("id"))
    )
    return {key: (-came.get(key, ZERO) - counted.get(key, ZERO), newest.get(key)) for key in account_ids}
