"""What traders do with their alerts, each in one transaction: the trader locked first. Firing is in firing.py."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.desk.position import Split
from apps.live import bus
from apps.live.announce import announce
from apps.live.topics import user_stream

from . import words
from .figures import present
from .firing import lock_trader
from .models import OF_ORDERS, OF_PRICE, AlertDelivery, AlertSettings, Kind, TraderAlert, band_of
from .terms import Refused, Terms

MOST = 100
ALERTS_RING = "desk/alerts"
State = TraderAlert.State
KEPT = Q(state__in=[State.WAITING, State.OFF]) | Q(state=State.FIRED, repeat=True)
FULL = {"kind": f"You have {MOST} alerts that wait, the most there can be. Delete one first."}


@transaction.atomic
def make_alert(user: Any, terms: Terms, now: datetime) -> TraderAlert | Refused:
    """From now on it waits."""
    lock_trader(user.pk)
    if TraderAlert.objects.filter(KEPT, user=user).count() >= MOST:
        return Refused(FULL)
    alert = TraderAlert(user=user, made_at=now)
    if refusal := begin(alert, terms, now):
        return refusal
    tell_changed(alert.user_id)
    return alert


@transaction.atomic
def change_alert(alert: TraderAlert, terms: Terms, now: datetime) -> TraderAlert | Refused:
    """It waits anew, by other terms, whatever it was; what was still to be told of it is not."""
    locked = lock_alert(alert)
    if TraderAlert.objects.filter(KEPT, user=locked.user_id).exclude(pk=locked.pk).count() >= MOST:
        return Refused(FULL)
    if refusal := begin(locked, terms, now):
        return refusal
    forget_rings(locked)
    tell_changed(locked.user_id)
    return locked


@transaction.atomic
def delete_alert(alert: TraderAlert) -> None:
    lock_alert(alert).delete()
    tell_changed(alert.user_id)


@transaction.atomic
def turn_off(alert: TraderAlert) -> None:
    locked = lock_alert(alert)
    if locked.state == State.WAITING:
        locked.state = State.OFF
        locked.save(update_fields=["state"])
        tell_changed(locked.user_id)


@transaction.atomic
def turn_on(alert: TraderAlert, now: datetime) -> Refused | None:
    """It waits from now on: what happened while it was off is not told."""
    locked = lock_alert(alert)
    if locked.state != State.OFF:
        return None
    if refusal := begin(locked, terms_of(locked), now):
        return refusal
    tell_changed(locked.user_id)
    return None


@transaction.atomic
def acknowledge(alert: TraderAlert, now: datetime) -> bool:
    """Ends the telling. One that repeats waits again: for a level, once the figure has come back from it."""
    locked = lock_alert(alert)
    if locked.state != State.FIRED:
        return False
    locked.acknowledged_at = now
    locked.state = State.WAITING if locked.repeat else State.ACKNOWLEDGED
    if locked.repeat:
        locked.waiting_since = now
        base = present(terms_of(locked), locked.user_id)
        locked.base = locked.value if base is None else base
    locked.save()
    forget_rings(locked)
    tell_changed(locked.user_id)
    return True


@transaction.atomic
def save_settings(row: AlertSettings) -> None:
    """What is still to be told goes by the new settings, and not in the new quiet hours."""
    lock_trader(row.user_id)
    row.save()
    quiet = row.quiet
    due = AlertDelivery.objects.select_for_update(of=("self",)).filter(alert__user=row.user_id)
    for each in due.filter(state=AlertDelivery.State.DUE) if quiet else ():
        each.due_at = quiet.after(each.due_at) if quiet else each.due_at
        each.save(update_fields=["due_at"])
    tell_changed(row.user_id)


@transaction.atomic
def stop_way(row: AlertSettings, words: str) -> None:
    """From now on the page only, unless its owner has chosen another way or webhook meanwhile; the words say why."""
    lock_trader(row.user_id)
    kept = AlertSettings.objects.filter(pk=row.pk, way=row.way).first()
    if kept is None or (kept.way == AlertSettings.Way.DISCORD and kept.webhook != row.webhook):
        return
    AlertSettings.objects.filter(pk=row.pk).update(way=AlertSettings.Way.PAGE, stopped=words)
    announce(user_stream(row.user_id), "alert.stopped", {"words": words, "tone": "error"}, toast=True)


def begin(alert: TraderAlert, terms: Terms, now: datetime) -> Refused | None:
    """Has it wait from where its figure is now; what is there already is nothing to wait for."""
    base = present(terms, alert.user_id)
    if terms.kind not in OF_ORDERS:
        if base is None:
            return Refused(unknown(terms))
        if not band_of(terms.kind, terms.threshold, base).holds(base):
            shown = words.price(base) if terms.kind in OF_PRICE else words.usd(base)
            of = terms.instrument.symbol if terms.instrument else "Day P&L"
            return Refused({"threshold": f"{of} is at {shown} already: choose a level it has yet to reach"})
    alert.kind, alert.instrument, alert.threshold = terms.kind, terms.instrument, terms.threshold
    alert.repeat, alert.note = terms.repeat, terms.note
    alert.state, alert.base, alert.waiting_since = State.WAITING, base, now
    alert.save()
    return None


def unknown(terms: Terms) -> dict[str, str]:
    if terms.instrument is not None:
        return {"symbol": f"{terms.instrument.symbol} has no price yet. Try again when it is quoted."}
    return {"kind": "Your day P&L is not known: you have no account, or a price that it needs is missing."}


def terms_of(alert: TraderAlert) -> Terms:
    return Terms(alert.kind_of, alert.instrument, alert.threshold, alert.repeat, alert.note)


def lock_alert(alert: TraderAlert) -> TraderAlert:
    """Raises TraderAlert.DoesNotExist where it was deleted meanwhile."""
    lock_trader(alert.user_id)
    return TraderAlert.objects.select_related("instrument").get(pk=alert.pk)


def forget_rings(alert: TraderAlert) -> None:
    due = AlertDelivery.objects.filter(alert=alert, state=AlertDelivery.State.DUE)
    due.update(state=AlertDelivery.State.DEAD, error="Answered before it was due")


@transaction.atomic
def split_levels(split: Split, now: datetime) -> int:
    """Prices that wait are of the new shares from now on: a split crosses none of them. Says how many."""
    rows = TraderAlert.objects.select_for_update().filter(instrument__symbol=split.symbol, kind__in=OF_PRICE)
    found = list(rows.exclude(state=State.ACKNOWLEDGED))
    for alert in found:
        if alert.threshold is not None and alert.kind != Kind.PERCENT_MOVE:
            alert.threshold = split.price(alert.threshold)
        if alert.base is not None:
            alert.base = split.price(alert.base)
        alert.waiting_since = now
    TraderAlert.objects.bulk_update(found, ["threshold", "base", "waiting_since"], batch_size=200)
    for user_id in sorted({alert.user_id for alert in found}):
        tell_changed(user_id)
    return len(found)


def tell_changed(user_id: int) -> None:
    """The trader's pages draw the list again, and the desk looks at what waits."""
    announce(user_stream(user_id), "alert.changed", {}, topics=[f"alerts/{user_id}"])
    transaction.on_commit(partial(bus.ring, ALERTS_RING), robust=True)
