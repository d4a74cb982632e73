"""What a trader writes into the history: notes about closed trades, and fills that were made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from apps.portfolio.bookkeeping import lock
from apps.portfolio.models import Account
from apps.trades import importing

from .models import ImportDraft, TradeNote
from .queries import has_trade
from .statement import guessed, headers_of, read


class NoSuchTrade(Exception):
    """No closed trade of this account was opened by that execution."""


@transaction.atomic
def keep_note(account: Account, opened_by: str, note: str, tags: Sequence[str], now: datetime) -> None:
    """Writes the note and tags in place of what was there; nothing of both leaves no row. Raises NoSuchTrade."""
    locked = lock(account.pk)
    if not has_trade(locked.pk, opened_by):
        raise NoSuchTrade(opened_by)
    if not note and not tags:
        TradeNote.objects.filter(account=locked, opened_by=opened_by).delete()
        return
    TradeNote.objects.update_or_create(
        account=locked,
        opened_by=opened_by,
        defaults={"note": note, "tags": ",".join(tags), "updated_at": now},
    )


@transaction.atomic
def keep_draft(account: Account, name: str, text: str, now: datetime) -> ImportDraft:
    """Keeps the file to be looked at, in place of the one before. Raises ValueError for what is no table of fills."""
    facts = {"name": name, "text": text, "mapped": guessed(headers_of(text)), "at": now}
    draft, _ = ImportDraft.objects.update_or_create(account=account, defaults=facts)
    return draft


@transaction.atomic
def map_draft(account: Account, mapped: Mapping[str, str]) -> None:
    """Says which of the file's columns holds which of ours."""
    draft = ImportDraft.objects.select_for_update().get(account=account)
    headers = headers_of(draft.text)
    draft.mapped = {column: header for column, header in mapped.items() if header in headers}
    draft.save(update_fields=["mapped"])


@transaction.atomic
def drop_draft(account: Account) -> None:
    ImportDraft.objects.filter(account=account).delete()


@transaction.atomic
def book_draft(account: Account, now: datetime) -> int:
    """Books the file whole and forgets it; says how many fills were new. Raises NotWhole where a line is wrong."""
    draft = ImportDraft.objects.select_for_update().get(account=account)
    found = read(draft.text, draft.mapped, now)
    if found.faults:
        raise importing.NotWhole(found.faults)
    booked = importing.import_fills(account, found.rows, draft.name)
    draft.delete()
    return booked
