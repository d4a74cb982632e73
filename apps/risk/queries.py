"""The limits that hold for an account now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, Q

from apps.desk.limits import NUMBERS, Halt, Limits
from apps.live.prepared import Given
from apps.portfolio.models import Account

from .models import OwnLimit, RiskLimits
from .names import STOPPED


def limits_of(account: Account, now: datetime) -> Limits:
    """The account's over the desk's, kill switches included, and the trader's own; two queries, never remembered."""
    return set_limits(account.pk).within(own_limits(OwnLimit.objects.filter(account=account), now))


def closing_limits() -> Limits:
    """What binds the desk where it closes for an account: a halt of the whole desk. All else bounds who trades."""
    desk = RiskLimits.objects.filter(account=None).first()
    return Limits(halt=desk_limits(desk).halt if desk else None)


def anything_set(account_id: int | Given) -> tuple[Exists, Exists]:
    """To ask beside something else: whether admins, and whether the trader, set anything that holds for the account.
    Where nobody did, its limits are none."""
    rows = RiskLimits.objects.filter(Q(account=None) | Q(account=account_id))
    return Exists(rows), Exists(OwnLimit.objects.filter(account=account_id))


def set_limits(account_id: int) -> Limits:
    """What admins have set."""
    rows = RiskLimits.objects.filter(Q(account=None) | Q(account=account_id))
    found = {row.account_id: desk_limits(row) for row in rows}
    return found.get(account_id, Limits()).over(found.get(None, Limits()))


def desk_limits(row: RiskLimits) -> Limits:
    """The row as the rules see it."""
    scope = "for the whole desk" if row.account_id is None else "for this account"
    return Limits(
        halt=Halt(scope, row.halt_reason) if row.halted else None,
        allowed=frozenset(row.allowed_symbols.split()),
        barred=frozenset(row.barred_symbols.split()),
        **{name: getattr(row, name) for name in NUMBERS},
    )


def own_limits(rows: Iterable[OwnLimit], now: datetime) -> Limits:
    """What a trader has set and holds now."""
    found = list(rows)
    held = {row.name: value for row in found if (value := held_now(row, now)) is not None}
    stopped = next((row for row in found if row.name == STOPPED and STOPPED in held), None)
    return Limits(
        halt=Halt("by you", why_stopped(stopped)) if stopped else None,
        **{name: number_of(name, value) for name, value in held.items() if name != STOPPED},  # type: ignore[arg-type]
    )


def number_of(name: str, value: Decimal) -> Decimal | int:
    return int(value) if name == "orders_per_minute" else value


def held_now(row: OwnLimit, now: datetime) -> Decimal | None:
    held: Decimal | None = row.next_value if row.next_at is not None and row.next_at <= now else row.value
    return held


def why_stopped(row: OwnLimit) -> str:
    if row.next_at:
        return f"until {row.next_at:%a %d %b %H:%M} UTC"
    return "lift it under Settings, Risk limits; it ends 24 hours later"
