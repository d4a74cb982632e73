"""What becomes of orders, heard from the desk as it happens."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db.models import Q
from django.utils import timezone

from apps import telemetry

from . import firing, words
from .models import Kind, TraderAlert

log = logging.getLogger(__name__)

OF_ORDER = {
    "filled": Kind.ORDER_FILLED,
    "canceled": Kind.ORDER_CANCELLED,
    "rejected": Kind.ORDER_REJECTED,
    "denied": Kind.ORDER_REJECTED,
}
State = TraderAlert.State


def hear_order(user_id: int, what: str, facts: Mapping[str, str]) -> None:
    """Fires what waits for it. A fault here undoes no order. One that repeats tells each, acknowledged or not."""
    kind = OF_ORDER.get(what)
    if kind is None:
        return
    waits = Q(state=State.WAITING) | Q(state=State.FIRED, repeat=True)
    symbol = Q(instrument__isnull=True) | Q(instrument__symbol=facts.get("symbol", ""))
    rows = TraderAlert.objects.select_related("instrument", "user").filter(waits, symbol, user=user_id, kind=kind)
    for alert in rows.order_by("pk"):
        try:
            firing.fire_on_order(alert, words.order_words(what, facts), timezone.now())
        except Exception:
            telemetry.faults.labels("trader alert").inc()
            log.exception("an alert of an order could not be told")
