"""The only writer of limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.desk.instrument import Renamed
from apps.live.announce import announce
from apps.live.moments import read_database_time
from apps.live.topics import DESK_STREAM, user_stream
from apps.portfolio.models import Account

from .models import OwnLimit, RiskLimits
from .own import ask, said


@transaction.atomic
def save_limits(limits: RiskLimits, by: User) -> None:
    """Holds from the next order on, whichever process takes it; pages show a kill switch at once."""
    limits.set_by, limits.set_at = by, read_database_time()
    limits.save()
    if limits.account is None:
        announce(DESK_STREAM, "risk.limits", topics=["halt/desk"])
    else:
        announce(user_stream(limits.account.user_id), "risk.limits", topics=[f"halt/{limits.account_id}"])


@transaction.atomic
def set_own_limits(account: Account, wanted: Mapping[str, Decimal | None], now: datetime) -> list[OwnLimit]:
    """What is tighter holds at once, what is looser a day later: nobody lifts a limit in the heat of a loss.

    Gives those that changed. What is wanted again as it waits already waits no longer than before.
    """
    locked = Account.objects.select_for_update().get(pk=account.pk)
    rows = {row.name: row for row in OwnLimit.objects.filter(account=locked)}
    changed = []
    for name, value in wanted.items():
        row = rows.get(name) or OwnLimit(account=locked, name=name)
        if ask(row, value, now):
            row.set_at = read_database_time()
            row.save()
            changed.append(row)
    if changed:
        facts = {row.name: said(row) for row in changed}
        announce(user_stream(locked.user_id), "risk.own_limits", facts, topics=[f"halt/{locked.pk}"])
    return changed


@transaction.atomic
def loosen_now(rows: Iterable[OwnLimit], now: datetime) -> list[OwnLimit]:
    """An admin spares traders the wait; gives those that waited."""
    waiting = OwnLimit.objects.select_for_update().filter(pk__in=[row.pk for row in rows], next_at__gt=now)
    spared = []
    for row in waiting:
        row.value, row.next_value, row.next_at = row.next_value, None, None
        row.set_at = read_database_time()
        row.save()
        facts = {row.name: said(row)}
        announce(user_stream(row.account.user_id), "risk.own_limits", facts, topics=[f"halt/{row.account_id}"])
        spared.append(row)
    return spared


@transaction.atomic
def rename_symbol(renamed: Renamed) -> None:
    """Allow and deny lists go on for what is called otherwise now."""
    for row in RiskLimits.objects.select_for_update():
        lists = {name: symbols_after(getattr(row, name), renamed) for name in ("allowed_symbols", "barred_symbols")}
        RiskLimits.objects.filter(pk=row.pk).update(**lists)


def symbols_after(text: str, renamed: Renamed) -> str:
    return " ".join(sorted(renamed.new if symbol == renamed.old else symbol for symbol in text.split()))
