"""The one write of the history: what a trader notes about a closed trade."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.portfolio.bookkeeping import lock
from apps.portfolio.models import Account

from .models import TradeNote
from .queries import has_trade


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
