"""The traders' outbox, emptied beside the hubs by the same rails as the operators' alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import F, Q, QuerySet

from apps.accounts.queries import discord_id_of
from apps.alerts.direct import Unreachable, to_direct
from apps.alerts.grouping import as_one
from apps.alerts.outgoing import Gone, Unsendable
from apps.alerts.sending import Outbox, send_due, to_discord, to_mail
from apps.alerts.watching import TURN_S, told_of

from . import services, words
from .firing import GAPS
from .models import OF_ORDERS, AlertDelivery, AlertSettings, TraderAlert

THREAD = ThreadPoolExecutor(1, thread_name_prefix="trader-alerts")
Way = AlertSettings.Way


def wanted() -> QuerySet[AlertDelivery]:
    """What nobody has acknowledged yet. Of the same alert the newest firing counts; each order is told."""
    rows = AlertDelivery.objects.select_related("alert__user__alert_settings")
    rows = rows.filter(Q(firing=F("alert__firings")) | Q(ring=0, alert__kind__in=OF_ORDERS))
    reached = Q(alert__user__alert_settings__way__in=[Way.EMAIL, Way.DISCORD, Way.DIRECT])
    return rows.filter(reached, alert__state=TraderAlert.State.FIRED, alert__user__is_active=True)


def send(reached: AlertSettings, batch: list[AlertDelivery]) -> None:
    tell(reached, [line_of(each) for each in batch])


def tell(reached: AlertSettings, lines: list[str]) -> None:
    """By the trader's own way. Raises as its sender does; a way that can work no more is turned off."""
    if reached.way == Way.DISCORD:
        with stopped_by(Gone, reached, words.NO_WEBHOOK):
            to_discord(reached.webhook, lines)
    elif reached.way == Way.DIRECT:
        with stopped_by(Unreachable, reached, words.NO_DIRECT):
            to_direct(discord_id_of(reached.user), lines)
    elif reached.way == Way.PAGE:
        raise Unsendable("this trader is told on the page only by now")
    elif reached.user.email:
        to_mail(reached.user.email, lines)
    else:
        raise Unsendable("the account has no e-mail address")


@contextmanager
def stopped_by(end: type[Unsendable], reached: AlertSettings, why: str) -> Iterator[None]:
    """Turns the way off where that is raised; the rest of the round is not tried."""
    try:
        yield
    except end:
        services.stop_way(reached, why)
        reached.way, reached.stopped = Way.PAGE, why
        raise


def line_of(delivery: AlertDelivery) -> str:
    again = f"Again, {delivery.ring + 1} of {len(GAPS) + 1}: " if delivery.ring else ""
    return f"{again}{delivery.text}"


OUTBOX = Outbox(
    rows=wanted,
    path="alert__user__alert_settings",
    receiver=lambda delivery: delivery.alert.user.alert_settings,
    groups=lambda reached, due: as_one(due),
    send=send,
)


def send_alerts(now: datetime | None = None) -> int:
    return send_due(now, OUTBOX)


async def deliver() -> None:
    while True:
        await asyncio.sleep(TURN_S)
        with told_of("sending traders' alerts"):
            await in_thread(send_alerts)


async def in_thread(work: Any, *args: Any) -> Any:
    """One of its own: a receiver that hangs holds up no operators' alert."""
    return await database_sync_to_async(work, thread_sensitive=False, executor=THREAD)(*args)
