"""Each action of the admin, with a row that it changes, what is sent with it, and what the log must say of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts.models import Alert, Channel, Delivery, Rule
from apps.incidents.models import Incident
from apps.portfolio.services import open_account
from apps.risk.models import OwnLimit
from apps.risk.services import set_own_limits


def trader() -> User:
    return User.objects.get_or_create(username="trader")[0]


def suspended() -> User:
    user = trader()
    user.is_active = False
    user.save()
    return user


def session() -> UserSession:
    store = SessionStore()
    store.create()
    return UserSession.objects.create(
        user=trader(), session_key=store.session_key, ip="127.0.0.1", user_agent="Firefox/1"
    )


def own_rule() -> Rule:
    return Rule.objects.create(
        name="Crowded", metric="connections", threshold=5, clear=3, window_s=10, severity="warning"
    )


def alert() -> Alert:
    rule = own_rule()
    return Alert.objects.create(rule=rule, severity=rule.severity, value=1, raised_at=timezone.now())


def channel(address: str = "ops@example.com", kind: str = "email") -> Channel:
    return Channel.objects.create(name="Own", kind=kind, address=address, signing_key="a key of the test's own")


def dead_delivery() -> Delivery:
    fields = {"what": "raised", "state": "dead", "due_at": timezone.now()}
    return Delivery.objects.create(alert=alert(), channel=channel(), **fields)


def waiting_limit() -> OwnLimit:
    account, now = open_account(trader()), timezone.now()
    set_own_limits(account, {"day_loss": Decimal(500)}, now)
    set_own_limits(account, {"day_loss": None}, now)
    return OwnLimit.objects.get()


def incident() -> Incident:
    return Incident.objects.create(title="Late", grade="P1", opened_at=timezone.now() - timedelta(hours=1), words="")


CASH = {"amount": "10", "memo": "Test", "ref": str(uuid.uuid4())}
WHY = {"reason": "A test"}
CASES: dict[tuple[str, str], tuple[Callable[[], Any], dict[str, str], str]] = {
    ("TraderAdmin", "suspend"): (trader, WHY, "Active: yes → no"),
    ("TraderAdmin", "reinstate"): (suspended, WHY, "Active: no → yes"),
    ("SessionAdmin", "end"): (session, {}, "User: trader → gone"),
    ("AccountAdmin", "deposit"): (lambda: open_account(trader()), CASH, "cash: 100,000.00 → 100,010.00"),
    ("AccountAdmin", "withdraw"): (lambda: open_account(trader()), CASH, "cash: 100,000.00 → 99,990.00"),
    ("OwnLimitAdmin", "loosen_now"): (waiting_limit, {}, "on none → none"),
    ("RuleAdmin", "silence"): (own_rule, {}, "Silenced until: empty → 2"),
    ("AlertAdmin", "acknowledge"): (alert, {}, "Acknowledged: no → yes"),
    ("ChannelAdmin", "send_a_test"): (channel, {}, "Test: asked for → "),
    ("DeliveryAdmin", "send_again"): (dead_delivery, {}, "State: dead → due"),
    ("IncidentAdmin", "resolve"): (incident, {}, "Resolved: empty → 2"),
}
