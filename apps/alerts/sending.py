"""Empties the outbox: at least once, later and later where it fails, and what will never work is given up."""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPServerDisconnected
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.utils import timezone

from apps import telemetry
from apps.secrets.refusals import SecretError

from . import services, words
from .grouping import Groups, as_one, by_rule, in_batches
from .models import Channel, Delivery
from .outgoing import Busy, Failed, Silent, Unsendable, post

log = logging.getLogger(__name__)

AT_ONCE = 500
LEASE = timedelta(seconds=60)
FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=15)
MOST_ATTEMPTS = 12


@dataclass(frozen=True)
class Outbox:
    """Where rows are kept until they are sent: which of them are wanted, whom one is for (and the path of that one's
    key), how several for one receiver are put together, and how they go there."""

    rows: Callable[[], QuerySet[Any]]
    path: str
    receiver: Callable[[Any], Any]
    groups: Callable[[Any, list[Any]], Groups]
    send: Callable[[Any, list[Any]], None]


def send_due(now: datetime | None = None, outbox: Outbox | None = None) -> int:
    """Sends what is due; says how many rows were tried. Who did not answer last time comes last.

    Where nobody answers, or there is too much, the receiver's round is over: the rest is due again, untried, when the
    lease ends.
    """
    now, outbox = now or timezone.now(), outbox or OPERATORS
    by_receiver: dict[Any, list[Any]] = defaultdict(list)
    for each in services.claim(now, AT_ONCE, LEASE, outbox.rows(), outbox.path):
        by_receiver[outbox.receiver(each)].append(each)
    last = services.troubled(outbox.rows(), outbox.path) if len(by_receiver) > 1 else set()
    done = 0
    for receiver in sorted(by_receiver, key=lambda one: one.pk in last):
        for batch in outbox.groups(receiver, by_receiver[receiver]):
            answered = attempt(outbox, receiver, batch, now)
            done += len(batch)
            if not answered:
                break
    return done


def attempt(outbox: Outbox, receiver: Any, batch: list[Any], now: datetime) -> bool:
    """Tries it and settles what became of it; False where another one would be tried in vain."""
    try:
        outbox.send(receiver, batch)
    except Unsendable as error:
        telemetry.faults.labels("alert delivery").inc()
        log.error("an alert cannot be sent to %s: %s", receiver, error)
        services.settle(batch, now, str(error))
    except (Failed, SecretError, SMTPException, OSError) as error:
        telemetry.faults.labels("alert delivery").inc()
        log.warning("an alert was not sent to %s: %s", receiver, error)
        try_later(batch, now, str(error) or type(error).__name__, getattr(error, "after", None))
        return not isinstance(error, Silent | Busy | TimeoutError | ConnectionError | SMTPServerDisconnected)
    except Exception as error:  # one receiver's own: it would end the round of all, each time
        telemetry.faults.labels("alert delivery").inc()
        log.exception("an alert was not sent to %s", receiver)
        try_later(batch, now, f"{type(error).__name__}: the log says more", None)
    else:
        services.settle(batch, timezone.now())  # the round began before others' answers
    return True


def try_later(batch: list[Any], now: datetime, words: str, after: float | None) -> None:
    """Or gives up those of it that have been tried often enough."""
    worn = [each for each in batch if each.attempts + 1 >= MOST_ATTEMPTS]
    rest = [each for each in batch if each.attempts + 1 < MOST_ATTEMPTS]
    services.settle(worn, now, words)
    services.settle(rest, now, words, again_at(max((each.attempts for each in rest), default=0), now, after))


def again_at(attempts: int, now: datetime, after: float | None) -> datetime:
    """Twice as long each time, with half of it by dice; never sooner than the receiver asked for."""
    pause: timedelta = min(FIRST * 2**attempts, LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads, hides nothing
    return now + max(pause, timedelta(seconds=after or 0))


def to_mail(address: str, lines: Sequence[str]) -> None:
    if not settings.EMAIL_URL:
        raise Unsendable("EMAIL_URL is not set, so no mail can be sent")
    subject = lines[0] if len(lines) == 1 else f"{len(lines):,} alerts"
    try:
        send_mail(f"[Livedesk] {subject}"[:200], words.joined(lines), settings.DEFAULT_FROM_EMAIL, [address])
    except ValueError:  # Django's own, before anything is sent
        raise Failed("no mail can be made of it: DEFAULT_FROM_EMAIL or the receiver is no address") from None


def to_discord(address: str, lines: Sequence[str]) -> None:
    post(address, words.discord(lines), {})


def by_mail(channel: Channel, batch: list[Delivery]) -> None:
    to_mail(channel.sealed_address, words.lines_of(batch))


def by_slack(channel: Channel, batch: list[Delivery]) -> None:
    post(channel.sealed_address, words.slack(words.lines_of(batch)), {})


def by_discord(channel: Channel, batch: list[Delivery]) -> None:
    to_discord(channel.sealed_address, words.lines_of(batch))


def by_pagerduty(channel: Channel, batch: list[Delivery]) -> None:
    """Of a group the newest alert, and that it is over."""
    newest = max(each.alert_id for each in batch)
    alerts = len({each.alert_id for each in batch})
    for each in sorted((each for each in batch if each.alert_id == newest), key=lambda one: one.what):
        post(settings.PAGERDUTY_URL, words.pagerduty(each, channel.sealed_address, alerts), {})


def by_webhook(channel: Channel, batch: list[Delivery]) -> None:
    body, at = words.webhook(batch), int(timezone.now().timestamp())
    post(channel.sealed_address, body, {words.SIGNATURE: words.signature(channel, body, at)})


SENDERS: dict[Channel.Kind, Callable[[Channel, list[Delivery]], None]] = {
    Channel.Kind.EMAIL: by_mail,
    Channel.Kind.SLACK: by_slack,
    Channel.Kind.DISCORD: by_discord,
    Channel.Kind.PAGERDUTY: by_pagerduty,
    Channel.Kind.WEBHOOK: by_webhook,
}

GROUPS: dict[Channel.Kind, Callable[[list[Delivery]], Groups]] = {
    Channel.Kind.EMAIL: as_one,
    Channel.Kind.SLACK: as_one,
    Channel.Kind.DISCORD: as_one,
    Channel.Kind.PAGERDUTY: by_rule,
    Channel.Kind.WEBHOOK: in_batches,
}
OPERATORS = Outbox(
    rows=services.waiting,
    path="channel",
    receiver=lambda delivery: delivery.channel,
    groups=lambda channel, due: GROUPS[Channel.Kind(channel.kind)](due),
    send=lambda channel, batch: SENDERS[Channel.Kind(channel.kind)](channel, batch),
)
