"""Traders' alerts, read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from apps.desk.crossing import Band
from apps.live.activity import last_told_or_joined

from . import words
from .models import OF_ORDERS, OF_PNL, AlertSettings, TraderAlert

SHOWN = 50
DAY = "day of "
State = TraderAlert.State


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that the desk watches for; `of` is the figure's name."""

    alert_id: int
    of: str
    band: Band
    base: Decimal
    since: datetime

    def is_as(self, other: Waiting | None) -> bool:
        """Whether they wait for the same since the same moment. Where the figure was then may have been kept anew."""
        return other is not None and (self.of, self.band, self.since) == (other.of, other.band, other.since)


@dataclass(frozen=True, slots=True)
class Line:
    """An alert as the page shows it."""

    id: int
    symbol: str
    waits_for: str
    happened: str
    when: str
    note: str
    repeat: bool
    state: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class AlertList:
    """Those that want an answer first; of those that are over the newest."""

    fired: tuple[Line, ...]
    waiting: tuple[Line, ...]
    off: tuple[Line, ...]
    over: tuple[Line, ...]
    changed_us: int

    @property
    def is_empty(self) -> bool:
        return not (self.fired or self.waiting or self.off or self.over)


def figure_of(user_id: int, kind: str, symbol: str) -> str:
    """A symbol names its price; no symbol is like the name of a trader's day."""
    return f"{DAY}{user_id}" if kind in OF_PNL else symbol


def waiting_alerts() -> dict[int, Waiting]:
    """By id all that wait for a figure."""
    rows = TraderAlert.objects.filter(state=State.WAITING, base__isnull=False).exclude(kind__in=OF_ORDERS)
    return {
        row.pk: Waiting(
            row.pk, figure_of(row.user_id, row.kind, row.symbol), row.band, row.base or Decimal(0), row.waiting_since
        )
        for row in rows.select_related("instrument")
    }


def lists_of(user_ids: Sequence[int]) -> dict[int, AlertList]:
    """Of each of the traders, at the cost of one."""
    told = last_told_or_joined(user_ids)
    rows = TraderAlert.objects.filter(user__in=user_ids).select_related("instrument")
    newest = Window(RowNumber(), partition_by="user", order_by=[F("told_at").desc(), F("pk").desc()])
    over = rows.filter(state=State.ACKNOWLEDGED).annotate(place=newest).filter(place__lte=SHOWN)
    found: defaultdict[int, list[TraderAlert]] = defaultdict(list)
    for row in (
        *rows.exclude(state=State.ACKNOWLEDGED).order_by(F("told_at").desc(nulls_last=True), "-pk"),
        *over.order_by("place"),
    ):
        found[row.user_id].append(row)
    return {user_id: list_of(found[user_id], told[user_id]) for user_id in user_ids}


def list_of(rows: list[TraderAlert], changed_us: int) -> AlertList:
    parts = {state: [row for row in rows if row.state == state] for state in State}
    parts[State.WAITING].sort(key=lambda row: (row.symbol, row.kind, row.threshold or 0, row.pk))
    shown = {state: tuple(map(line_of, part)) for state, part in parts.items()}
    return AlertList(shown[State.FIRED], shown[State.WAITING], shown[State.OFF], shown[State.ACKNOWLEDGED], changed_us)


def line_of(row: TraderAlert) -> Line:
    happened = words.what_happened(row) if row.told_at else ""
    return Line(
        row.pk,
        row.symbol,
        words.waits_for(row),
        happened,
        words.when(row),
        row.note,
        row.repeat,
        row.state,
        row.made_at,
    )


def own_alert(user: Any, alert_id: int) -> TraderAlert:
    """Raises TraderAlert.DoesNotExist for anybody else's."""
    return TraderAlert.objects.select_related("instrument").get(user=user, pk=alert_id)


def settings_of(user: Any) -> AlertSettings:
    """As they are kept, or as they are until somebody changes them."""
    row: AlertSettings | None = AlertSettings.objects.select_related("user").filter(user=user).first()
    return row or AlertSettings(user=user)
