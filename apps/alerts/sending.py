"""Empties the outbox: at least once, later and later where it fails, and what will never work is given up."""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.utils import timezone

from apps import telemetry
from apps.secrets.refusals import SecretError

from . import services, words
from .models import Channel, Delivery
from .outgoing import Failed, Silent, Unsendable, post

log = logging.getLogger(__name__)

AT_ONCE, FLOOD = 500, 5
LEASE = timedelta(seconds=60)
FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=15)
MOST_ATTEMPTS = 12


@dataclass(frozen=True)
class Outbox:
    """Where rows are kept until they are sent: which of them are wanted, whom one is for, whether that is a person,
    and how several go to one receiver."""

    rows: Callable[[], QuerySet[Any]]
    receiver: Callable[[Any], Any]
    is_person: Callable[[Any], bool]
    send: Callable[[Any, list[Any]], None]


def send_due(now: datetime | None = None, outbox: Outbox | None = None) -> int:
    """Sends what is due; says how many rows were tried. A receiver's flood goes as one message.

    Where nobody answers, the receiver's round is over: the rest is due again, untried, when the lease ends.
    """
    now, outbox = now or timezone.now(), outbox or OPERATORS
    by_receiver: dict[Any, list[Any]] = defaultdict(list)
    for each in services.claim(now, AT_ONCE, LEASE, outbox.rows()):
        by_receiver[outbox.receiver(each)].append(each)
    done = 0
    for receiver, due in by_receiver.items():
        for batch in batches(due, as_one=outbox.is_person(receiver)):
            answered = attempt(outbox, receiver, batch, now)
            done += len(batch)
            if not answered:
                break
    return done


def batches(due: list[Any], *, as_one: bool) -> list[list[Any]]:
    """People get a flood as one message, programs each event by itself."""
    return [due] if as_one and len(due) > FLOOD else [[each] for each in due]


def attempt(outbox: Outbox, receiver: Any, batch: list[Any], now: datetime) -> bool:
    """Tries it and settles what became of it; False where nobody answered."""
    try:
        outbox.send(receiver, batch)
    except Unsendable as error:
        telemetry.faults.labels("alert delivery").inc()
        log.error("an alert cannot be sent to %s: %s", receiver, error)
        services.settle(batch, now, str(error))
    except (Failed, SecretError, SMTPException, OSError) as error:
        telemetry.faults.labels("alert delivery").inc()
        later = again_at(batch[0].attempts, now, getattr(error, "after", None))
        log.warning("an alert was not sent to %s: %s", receiver, error)
        services.settle(batch, now, str(error) or type(error).__name__, later)
        return not isinstance(error, Silent)
    else:
        services.settle(batch, now)
    return True


def again_at(attempts: int, now: datetime, after: float | None) -> datetime | None:
    """Twice as long each time, with half of it by dice; never sooner than the receiver asked for. None: given up."""
    if attempts + 1 >= MOST_ATTEMPTS:
        return None
    pause: timedelta = min(FIRST * 2**attempts, LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads, hides nothing
    return now + max(pause, timedelta(seconds=after or 0))


def to_mail(address: str, lines: Sequence[str]) -> None:
    if not settings.EMAIL_URL:
        raise Unsendable("EMAIL_URL is not set, so no mail can be sent")
    subject = lines[0] if len(lines) == 1 else f"{len(lines):,} alerts"
    send_mail(f"[Livedesk] {subject}"[:200], words.joined(lines), settings.DEFAULT_FROM_EMAIL, [address])


def to_discord(address: str, lines: Sequence[str]) -> None:
    post(address, words.discord(lines), {})


def by_mail(channel: Channel, batch: list[Delivery]) -> None:
    to_mail(channel.sealed_address, words.lines_of(batch))


def by_slack(channel: Channel, batch: list[Delivery]) -> None:
    post(channel.sealed_address, words.slack(words.lines_of(batch)), {})


def by_discord(channel: Channel, batch: list[Delivery]) -> None:
    to_discord(channel.sealed_address, words.lines_of(batch))


def by_pagerduty(channel: Channel, batch: list[Delivery]) -> None:
    for each in batch:
        post(settings.PAGERDUTY_URL, words.pagerduty(each, channel.sealed_address), {})


def by_webhook(channel: Channel, batch: list[Delivery]) -> None:
    for each in batch:
        body, at = words.webhook(each), int(timezone.now().timestamp())
        post(channel.sealed_address, body, {words.SIGNATURE: words.signature(channel, body, at)})


SENDERS: dict[Channel.Kind, Callable[[Channel, list[Delivery]], None]] = {
    Channel.Kind.EMAIL: by_mail,
    Channel.Kind.SLACK: by_slack,
    Channel.Kind.DISCORD: by_discord,
    Channel.Kind.PAGERDUTY: by_pagerduty,
    Channel.Kind.WEBHOOK: by_webhook,
}

PEOPLE = {Channel.Kind.EMAIL, Channel.Kind.SLACK, Channel.Kind.DISCORD}
OPERATORS = Outbox(
    rows=services.waiting,
    receiver=lambda delivery: delivery.channel,
    is_person=lambda channel: channel.kind in PEOPLE,
    send=lambda channel, batch: SENDERS[Channel.Kind(channel.kind)](channel, batch),
)
