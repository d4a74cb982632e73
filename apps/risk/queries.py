"""The limits that hold for an account now."""

from __future__ import annotations

from django.db.models import Q

from apps.desk.limits import Halt, Limits
from apps.portfolio.models import Account

from .models import RiskLimits


def limits_of(account: Account) -> Limits:
    """The account's over the desk's, kill switches included, in one query: never remembered."""
    rows = RiskLimits.objects.filter(Q(account=None) | Q(account=account))
    found = {row.account_id: desk_limits(row) for row in rows}
    return found.get(account.pk, Limits()).over(found.get(None, Limits()))


def desk_limits(row: RiskLimits) -> Limits:
    """The row as the rules see it."""
    return Limits(
        halt=Halt(row.account_id is None, row.halt_reason) if row.halted else None,
        position_qty=row.position_qty,
        position_usd=row.position_usd,
        position_pct=row.position_pct,
        orders_per_minute=row.orders_per_minute,
        day_loss=row.day_loss,
        price_band_pct=row.price_band_pct,
        allowed=frozenset(row.allowed_symbols.split()),
        barred=frozenset(row.barred_symbols.split()),
    )
