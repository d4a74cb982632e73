"""Empties the outbox: at least once, later and later where it fails, and what will never work is given up."""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPServerDisconnected

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from apps import telemetry

from . import services, words
from .models import Channel, Delivery
from .outgoing import Failed, Silent, Unsendable, post

log = logging.getLogger(__name__)

AT_ONCE, FLOOD = 500, 5
LEASE = timedelta(seconds=60)
FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=15)
MOST_ATTEMPTS = 12


def send_due(now: datetime | None = None) -> int:
    """Sends what is due; says how many deliveries were tried. A channel's flood goes as one message.

    Where nobody answers, the channel's round is over: the rest is due again, untried, when the lease ends.
    """
    now = now or timezone.now()
    by_channel: dict[Channel, list[Delivery]] = defaultdict(list)
    for each in services.claim(now, AT_ONCE, LEASE):
        by_channel[each.channel].append(each)
    done = 0
    for channel, due in by_channel.items():
        for batch in batches(channel, due):
            answered = attempt(channel, batch, now)
            done += len(batch)
            if not answered:
                break
    return done


def batches(channel: Channel, due: list[Delivery]) -> list[list[Delivery]]:
    """People get a flood as one message, programs each event by itself."""
    people = channel.kind in {Channel.Kind.EMAIL, Channel.Kind.SLACK, Channel.Kind.DISCORD}
    return [due] if people and len(due) > FLOOD else [[each] for each in due]


def attempt(channel: Channel, batch: list[Delivery], now: datetime) -> bool:
    """Tries it and settles what became of it; False where nobody answered."""
    try:
        SENDERS[Channel.Kind(channel.kind)](channel, batch)
    except Unsendable as error:
        telemetry.faults.labels("alert delivery").inc()
        log.error("an alert cannot be sent to %s: %s", channel.name, error)
        services.settle(batch, now, str(error))
    except (Failed, SMTPException, OSError) as error:
        telemetry.faults.labels("alert delivery").inc()
        later = again_at(batch[0].attempts, now, getattr(error, "after", None))
        log.warning("an alert was not sent to %s: %s", channel.name, error)
        services.settle(batch, now, str(error) or type(error).__name__, later)
        return not isinstance(error, Silent | TimeoutError | ConnectionError | SMTPServerDisconnected)
    else:
        services.settle(batch, now)
    return True


def again_at(attempts: int, now: datetime, after: float | None) -> datetime | None:
    """Twice as long each time, with half of it by dice; never sooner than the receiver asked for. None: given up."""
    if attempts + 1 >= MOST_ATTEMPTS:
        return None
    pause: timedelta = min(FIRST * 2**attempts, LONGEST) * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads, hides nothing
    return now + max(pause, timedelta(seconds=after or 0))


def by_mail(channel: Channel, batch: list[Delivery]) -> None:
    if not settings.EMAIL_URL:
        raise Unsendable("EMAIL_URL is not set, so no mail can be sent")
    subject = words.summary(batch[0]) if len(batch) == 1 else f"{len(batch):,} alerts"
    send_mail(f"[Livedesk] {subject}"[:200], words.text_of(batch), settings.DEFAULT_FROM_EMAIL, [channel.address])


def by_slack(channel: Channel, batch: list[Delivery]) -> None:
    post(channel.address, words.slack(batch), {})


def by_discord(channel: Channel, batch: list[Delivery]) -> None:
    post(channel.address, words.discord(batch), {})


def by_pagerduty(channel: Channel, batch: list[Delivery]) -> None:
    for each in batch:
        post(settings.PAGERDUTY_URL, words.pagerduty(each, channel.address), {})


def by_webhook(channel: Channel, batch: list[Delivery]) -> None:
    for each in batch:
        body, at = words.webhook(each), int(timezone.now().timestamp())
        post(channel.address, body, {words.SIGNATURE: words.signature(channel, body, at)})


SENDERS: dict[Channel.Kind, Callable[[Channel, list[Delivery]], None]] = {
    Channel.Kind.EMAIL: by_mail,
    Channel.Kind.SLACK: by_slack,
    Channel.Kind.DISCORD: by_discord,
    Channel.Kind.PAGERDUTY: by_pagerduty,
    Channel.Kind.WEBHOOK: by_webhook,
}
