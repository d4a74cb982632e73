"""Every firing, in one transaction: the alert's state, the event with its toast, and what goes to the address."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.desk.crossing import Crossing
from apps.desk.quiet import rings
from apps.live.announce import announce
from apps.live.models import Stream
from apps.live.topics import user_stream

from . import words
from .models import AlertDelivery, AlertSettings, TraderAlert

GAPS = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""Told at once, and again after these while nobody acknowledges it: five times in all."""
State = TraderAlert.State


def lock_trader(user_id: int) -> None:
    """Whoever tells a trader anything takes the stream's row in the end, orders with other rows in hand. Taken before
    any alert, no two of them wait for each other."""
    Stream.objects.get_or_create(name=user_stream(user_id))
    Stream.objects.select_for_update().get(name=user_stream(user_id))


@transaction.atomic
def fire(alert_id: int, since: datetime, crossing: Crossing, now: datetime) -> bool:
    """Tells of a crossing once, whoever else has seen it; False where the alert waits no more, or anew, by now."""
    user_id = TraderAlert.objects.filter(pk=alert_id).values_list("user_id", flat=True).first()
    if user_id is None:
        return False
    lock_trader(user_id)
    rows = TraderAlert.objects.select_related("instrument", "user")
    alert = rows.filter(pk=alert_id, state=State.WAITING, waiting_since=since).first()
    if alert is None:
        return False
    alert.value, alert.crossed_at, alert.crossed_after = crossing.value, crossing.at, crossing.after
    tell(alert, now)
    return True


@transaction.atomic
def keep_back(alert_id: int, since: datetime, value: Decimal) -> bool:
    """The figure is where the alert can fire again: whoever is the desk next knows it too."""
    rows = TraderAlert.objects.filter(pk=alert_id, state=State.WAITING, waiting_since=since)
    return bool(rows.update(base=value))


@transaction.atomic
def fire_on_order(alert: TraderAlert, happened: str, now: datetime) -> None:
    """Inside the transaction that tells of the order, which has the trader's stream locked."""
    alert.happened, alert.crossed_at = happened, now
    tell(alert, now)


def tell(alert: TraderAlert, now: datetime) -> None:
    alert.state, alert.told_at, alert.acknowledged_at = State.FIRED, now, None
    alert.firings += 1
    alert.save()
    reached = AlertSettings.objects.select_related("user").filter(user=alert.user_id).first()
    if reached is not None and reached.way != AlertSettings.Way.PAGE:
        text = words.line_of(alert)[:400]
        AlertDelivery.objects.bulk_create(
            AlertDelivery(alert=alert, firing=alert.firings, ring=number, text=text, due_at=due_at)
            for number, due_at in enumerate(rings(now, GAPS, reached.quiet))
        )
    facts: dict[str, str | int | bool | None] = {
        "alert_id": alert.pk,
        "alert_kind": alert.kind,
        "symbol": alert.symbol,
        "happened": words.what_happened(alert),
        "when": words.when(alert),
        "note": alert.note,
        "tone": "warn",
    }
    announce(user_stream(alert.user_id), "alert.fired", facts, topics=[f"alerts/{alert.user_id}"], toast=True)
