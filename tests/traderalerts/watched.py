"""The watcher of a desk, and what it has told."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from apps.desk.quote import Quote
from apps.live.models import Event
from apps.traderalerts.models import TraderAlert
from apps.traderalerts.watching import AlertWatcher
from apps.trades.engine import Desk

MINUTE = timedelta(minutes=1)


def watcher_of(desk: Desk) -> AlertWatcher:
    (found,) = desk.watchers
    assert isinstance(found, AlertWatcher)
    return found


def at(price: str | Decimal, moment: datetime) -> Quote:
    last = Decimal(price)
    return Quote("AAPL", last, last, Decimal(1), Decimal(1), last, moment, moment)


def fired() -> list[TraderAlert]:
    return list(TraderAlert.objects.filter(state="fired").order_by("crossed_at", "pk"))


def told() -> int:
    return Event.objects.filter(kind="alert.fired").count()
