"""Every write of alerts: a sample, what it means for each rule, and whom it must be told to, in one transaction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from .clocks import is_ahead, last_look, newest_looks
from .counting import LAG, happened, rates, summed, traded
from .hooks import alert_hooks, look_hooks
from .judging import Judge, Judged, Part, Point, State
from .metrics import SPARED, moves, parts_of, per_minute, rolled_up, turned_at, why
from .models import RANK, Alert, Channel, Delivery, Outgoing, Rule, Sample, Severity, Span

EVERY = timedelta(seconds=10)
KEPT = timedelta(days=8)
SPANS_KEPT = timedelta(days=35)
LONGEST_LEASE = timedelta(minutes=2)
CLOCKS = 4  # that disagree may look in turns, and a window still holds all of this one's
LATE = timedelta(seconds=45)  # an older sample is no neighbour: what was counted in between is not of this moment


@transaction.atomic
def look(told: Mapping[str, Any], now: datetime) -> list[Alert]:
    """Keeps a sample and judges every rule by it; gives the alerts that it raised or resolved.

    One process looks at a time: another one that comes within the same ten seconds finds it done.
    """
    rules = list(Rule.objects.select_for_update().order_by("pk"))
    newest = newest_looks()
    last = last_look(newest, now)
    if last is not None and last.at > now - EVERY * 0.9:
        return []
    if is_ahead(newest, now):
        bring_forward(now)
    near = last.raw if last is not None and last.at > now - LATE else None
    since = last.at if last is not None else now - EVERY
    orders, moved = traded(since - LAG, now - LAG), happened(told, near)
    minutes, counted = (now - since).total_seconds() / 60, moves(told, near)
    turned = turned_at(told, near, now)
    release = last.raw.get("release") if last is not None else None
    parts = parts_of(told, near, release, spared=turned is not None and now - turned < SPARED)
    parts |= per_minute(told, moved, counted, minutes)
    parts |= rates(moved, orders, counted["frames"] if counted else None, minutes)
    taken = Sample.objects.create(at=now, raw={**told, "turned_at": turned and turned.isoformat()}, parts=parts)
    keep_span(now, parts, {**(moved or {}), **orders})
    if last is not None and last.raw.pop("counts", None) is not None:
        last.save(update_fields=["raw"])  # only the newest is needed, to tell the next look's from
    Sample.objects.filter(at__lt=since - KEPT).delete()  # by the last look: one by a wrong clock forgets nothing
    Span.objects.filter(at__lt=since - SPANS_KEPT).delete()
    alerts = [alert for rule in rules if (alert := judge(rule, told, taken) if rule.enabled else rest(rule, now))]
    for alert in alerts:
        for alert_hook in alert_hooks:
            alert_hook(alert, now)
    for look_hook in look_hooks:
        look_hook(told, now, last.at if last is not None else None)
    return alerts


def bring_forward(now: datetime) -> None:
    """What a clock that is ahead put out, and nobody has tried: no lease lasts as long."""
    untried = Delivery.objects.filter(state=Outgoing.State.DUE, attempts=0, due_at__gt=now + LONGEST_LEASE)
    untried.update(due_at=now)


def keep_span(now: datetime, parts: Mapping[str, Part | None], counts: Mapping[str, float]) -> None:
    """Adds a sample to its ten minutes."""
    span, _ = Span.objects.get_or_create(at=now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0))
    span.parts, span.counts = rolled_up(span.parts, parts), summed(span.counts, counts)
    span.save(update_fields=["parts", "counts"])


def judge(rule: Rule, told: Mapping[str, Any], taken: Sample) -> Alert | None:
    """The alert that the rule has raised or resolved by this sample, if any."""
    now = taken.at
    open_alert = Alert.objects.filter(rule=rule, resolved_at__isnull=True).first()
    judged = judged_now(rule, taken, firing=open_alert is not None)
    rule.state, rule.value, rule.looked_at = judged.state.value, judged.value, now
    rule.save(update_fields=["state", "value", "looked_at"])
    if judged.state is not State.FIRING:
        return end(open_alert, now) if open_alert else None
    if open_alert is not None:
        if not open_alert.deliveries.exists():  # silenced when it was raised
            tell(open_alert, now)
        return None
    raised = Alert.objects.create(
        rule=rule,
        severity=rule.severity,
        value=judged.value or 0.0,
        why=why(rule.metric, told),
        raised_at=now,
    )
    tell(raised, now)
    return raised


def rest(rule: Rule, now: datetime) -> Alert | None:
    """Nobody looks after a rule that is switched off: what fires of it is over."""
    open_alert = Alert.objects.filter(rule=rule, resolved_at__isnull=True).first()
    if open_alert is None:
        return None
    rule.state, rule.value = State.NO_DATA.value, None
    rule.save(update_fields=["state", "value"])
    return end(open_alert, now, "the rule was switched off")


def end(alert: Alert, now: datetime, ended: str = "") -> Alert:
    """And tells it, silenced or not, to those who were told that it was raised: some keep it open until then."""
    alert.resolved_at, alert.ended = max(now, alert.raised_at), ended
    alert.save(update_fields=["resolved_at", "ended"])
    told = Channel.objects.filter(deliveries__alert=alert, deliveries__what=Delivery.What.RAISED)
    put_out(alert, told, Delivery.What.RESOLVED, now)
    return alert


def judged_now(rule: Rule, taken: Sample, *, firing: bool) -> Judged:
    """By the samples of the window: what stood there before a clock was set back was taken long ago."""
    terms = rule.terms
    spans = terms.window + terms.lasting + EVERY
    oldest = taken.pk - CLOCKS * math.ceil(spans / EVERY * 1.2)
    rows = Sample.objects.filter(at__gt=taken.at - spans, at__lte=taken.at, pk__gt=oldest)
    court, found = Judge(terms, firing=firing), Judged(taken.at, State.NO_DATA, None)
    for at, parts in rows.order_by("at").values_list("at", "parts"):
        found = court.take(Point(at, point_of(parts, rule.metric)))
    return found


def point_of(parts: Mapping[str, Any], metric: str) -> tuple[float, float] | None:
    part = parts.get(metric)
    return (part[0], part[1]) if part else None


def tell(alert: Alert, now: datetime) -> None:
    """That it was raised, to every channel that wants to hear of it; to none while the rule is silenced."""
    if alert.rule.is_silenced(now):
        return
    wanted = [least for least in Severity if RANK[least] >= RANK[Severity(alert.severity)]]
    put_out(alert, Channel.objects.filter(least__in=wanted), Delivery.What.RAISED, now)


def put_out(alert: Alert, channels: QuerySet[Channel], what: Delivery.What, now: datetime) -> None:
    for channel in channels.filter(enabled=True):
        Delivery.objects.get_or_create(alert=alert, channel=channel, what=what, defaults={"due_at": now})


@transaction.atomic
def acknowledge(alerts: list[Alert], user: Any, now: datetime) -> int:
    open_ones = Alert.objects.filter(pk__in=[each.pk for each in alerts]).filter(
        resolved_at__isnull=True, acknowledged_at__isnull=True
    )
    return open_ones.update(acknowledged_at=now, acknowledged_by=user)


@transaction.atomic
def claim(
    now: datetime, most: int, lease: timedelta, outbox: QuerySet[Any] | None = None, receiver: str = ""
) -> list[Any]:
    """Takes what is due, so that no other process sends it for as long as the lease; a crash gives it back.

    Of each receiver as much as of any other, the oldest first: a long backlog is nobody else's delay. Of the
    operators' outbox, unless another one is given, with the path of whom a row is for (none: for all the same).
    """
    rows, path = (waiting(), "channel") if outbox is None else (outbox, receiver)
    is_due = Q(state=Outgoing.State.DUE, due_at__lte=now)
    turn = Window(RowNumber(), partition_by=F(path) if path else None, order_by=("due_at", "pk"))
    chosen = rows.filter(is_due).annotate(turn=turn).order_by("turn", "due_at", "pk").values_list("pk", flat=True)
    # A window cannot be locked: who was faster has moved `due_at`, and is seen by it once the lock is ours
    locked = rows.select_for_update(of=("self",)).filter(is_due, pk__in=list(chosen[:most]))
    due = list(locked.order_by("due_at", "pk"))
    rows.model._default_manager.filter(pk__in=[each.pk for each in due]).update(due_at=now + lease)
    return due


def troubled(outbox: QuerySet[Any], receiver: str) -> set[Any]:
    """The receivers, by key, of what was tried in vain and waits to be tried again."""
    rows = outbox.filter(state=Outgoing.State.DUE, attempts__gt=0).order_by()
    return set(rows.values_list(receiver, flat=True).distinct())


def waiting() -> QuerySet[Delivery]:
    return Delivery.objects.select_related("alert__rule", "channel").filter(channel__enabled=True)


def settle(deliveries: Sequence[Outgoing], now: datetime, error: str = "", again_at: datetime | None = None) -> None:
    """What became of an attempt: sent, to be tried again, or given up."""
    facts: dict[str, Any] = {"attempts": F("attempts") + 1, "error": error[:200]}
    if not error:
        facts |= {"state": Outgoing.State.SENT, "sent_at": now}
    elif again_at is None:
        facts |= {"state": Outgoing.State.DEAD}
    else:
        facts |= {"state": Outgoing.State.DUE, "due_at": again_at}
    for model in {type(each) for each in deliveries}:
        model._default_manager.filter(pk__in=[each.pk for each in deliveries]).update(**facts)


@transaction.atomic
def try_again(deliveries: list[Delivery], now: datetime) -> int:
    """What was given up is due again, from the beginning."""
    dead = Q(pk__in=[each.pk for each in deliveries], state=Delivery.State.DEAD)
    return Delivery.objects.filter(dead).update(state=Delivery.State.DUE, attempts=0, due_at=now, error="")
