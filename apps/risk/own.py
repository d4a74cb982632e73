"""How a trader's own limit changes: tighter at once, looser after a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from apps.desk.money import plain

from .models import OwnLimit

LOOSENS_AFTER = timedelta(hours=24)


def ask(row: OwnLimit, value: Decimal | None, now: datetime) -> bool:
    """Sets the row to what is wanted, now or later; says whether that is anything new."""
    if row.next_at is not None and row.next_at <= now:
        row.value, row.next_value, row.next_at = row.next_value, None, None
    if value == (row.next_value if row.next_at else row.value):
        return False
    if is_looser(value, row.value):
        row.next_value, row.next_at = value, now + LOOSENS_AFTER
    else:
        row.value, row.next_value, row.next_at = value, None, None
    return True


def is_looser(value: Decimal | None, than: Decimal | None) -> bool:
    """No limit is the loosest."""
    return than is not None and (value is None or value > than)


def said(row: OwnLimit) -> str:
    """ "100", or "100, from 2030-01-31T16:00:00+00:00 on none"."""
    now, later = ("none" if value is None else plain(value) for value in (row.value, row.next_value))
    return f"{now}, from {row.next_at.isoformat()} on {later}" if row.next_at else now
