"""A sample by the way that a trader has chosen, sent at once: what became of it, in words."""

from __future__ import annotations

from dataclasses import dataclass
from smtplib import SMTPException

from django.core.cache import cache

from apps.alerts.outgoing import Busy, Failed, Unsendable
from apps.secrets.refusals import SecretError

from .models import AlertSettings
from .sending import tell

SAMPLE = "A test from Livedesk: your alerts reach you this way"
SECONDS = 10
Way = AlertSettings.Way


@dataclass(frozen=True, slots=True)
class Tried:
    sent: bool
    words: str


def may_try(user_id: int) -> bool:
    """Once in ten seconds, of all the trader's tabs."""
    return bool(cache.add(f"alert-test:{user_id}", 1, timeout=SECONDS))


def try_way(reached: AlertSettings) -> Tried:
    """Tried once, and who pressed the button reads why it failed; nothing is kept of it but that a way is no more."""
    if reached.way == Way.PAGE:
        return Tried(False, "Alerts are told on the page only: choose another way and save it, then try it.")
    try:
        tell(reached, [SAMPLE])
    except Busy as error:
        return Tried(False, f"Not sent: {error}, it has had too many messages. Try again later.")
    except (Unsendable, Failed, SecretError) as error:
        return Tried(False, f"Not sent. {reached.stopped}" if reached.way == Way.PAGE else f"Not sent: {error}.")
    except (SMTPException, OSError):
        return Tried(False, "Not sent: the desk's mail server did not take it. Try again later.")
    return Tried(True, f"Sent: {Way(reached.way).label}. If nothing is there in a minute, check what you typed.")
