"""What the page of one's own limits shows, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.desk.limits import Limits
from apps.desk.money import plain

from .forms import OwnLimitsForm
from .models import OwnLimit
from .names import LABELS, STOPPED
from .queries import held_now, set_limits


@dataclass(frozen=True, slots=True)
class LimitLine:
    """`typed` is what the field shows: what is wanted. `admins` is what admins have set; empty where nothing is."""

    name: str
    label: str
    holds: str
    typed: str
    waits_until: datetime | None
    waits_for: str
    admins: str
    error: str

    @property
    def is_switch(self) -> bool:
        return self.name == STOPPED


def lines_of(account_id: int, rows: Iterable[OwnLimit], form: OwnLimitsForm | None, now: datetime) -> list[LimitLine]:
    """One a limit; after a form that was refused, with what was typed and what is wrong with it."""
    found, admins = {row.name: row for row in rows}, set_limits(account_id)
    lines = []
    for name, label in LABELS.items():
        row = found.get(name) or OwnLimit(name=name)
        waits = row.next_at if row.next_at and row.next_at > now else None
        holds = held_now(row, now)
        later = text_of(row.next_value) if waits else ""
        typed = later if waits else text_of(holds)
        error = ""
        if form:
            typed, error = str(form.data.get(name, "")), " ".join(map(str, form.errors.get(name, ())))
        lines.append(LimitLine(name, label, text_of(holds), typed, waits, later, by_admins(admins, name), error))
    return lines


def by_admins(admins: Limits, name: str) -> str:
    if name == STOPPED:
        return "stopped" if admins.halt else ""
    return text_of(getattr(admins, name))


def text_of(value: Decimal | int | None) -> str:
    return "" if value is None else plain(Decimal(value))
