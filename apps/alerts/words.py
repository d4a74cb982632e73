"""An alert in the form that each kind of receiver takes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from html import escape
from typing import Any

from .metrics import METRICS
from .models import Alert, Channel, Delivery

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
SIGNATURE = "Livedesk-Signature"
BATCH = "batch"
MOST = 10


def summary(delivery: Delivery) -> str:
    """ "critical: Error rate is 0.07 (above 0.05): errors per frame sent to pages", or "resolved: …"."""
    alert = delivery.alert
    rule = alert.rule
    if delivery.what == Delivery.What.RESOLVED:
        return f"resolved: {rule.name}, {minutes(alert)}" + (f"; {alert.ended}" if alert.ended else "")
    more = f"; {alert.why}" if alert.why else ""
    return f"{alert.severity}: {rule.name} – {METRICS[rule.metric]}: {alert.value:g} (above {rule.threshold:g}){more}"


def minutes(alert: Alert) -> str:
    if alert.resolved_at is None:
        return "still firing"
    return f"after {(alert.resolved_at - alert.raised_at).total_seconds() / 60:.0f} min"


def lines_of(deliveries: Sequence[Delivery]) -> list[str]:
    return [summary(each) for each in deliveries]


def joined(lines: Sequence[str]) -> str:
    """One line an alert; of a flood the first ones and how many more."""
    more = [f"… and {len(lines) - MOST:,} more"] if len(lines) > MOST else []
    return "\n".join([*lines[:MOST], *more])


def key_of(delivery: Delivery) -> str:
    """The same for every attempt, so that a receiver can tell a repeat."""
    return f"livedesk-alert-{delivery.alert_id}"


def slack(lines: Sequence[str]) -> dict[str, Any]:
    """https://api.slack.com/messaging/webhooks; with &, < and > as Slack wants them nobody is called by what a name
    says (https://api.slack.com/reference/surfaces/formatting#escaping)."""
    return {"text": escape(joined(lines), quote=False)}


def discord(lines: Sequence[str]) -> dict[str, Any]:
    """https://discord.com/developers/docs/resources/webhook#execute-webhook; nobody is pinged by what a name says."""
    return {"content": joined(lines)[:2000], "allowed_mentions": {"parse": []}}


def pagerduty(delivery: Delivery, routing_key: str, together: int = 1) -> dict[str, Any]:
    """https://developer.pagerduty.com/docs/events-api-v2/trigger-events/; of so many of its rule, if more than one."""
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "resolve" if delivery.what == Delivery.What.RESOLVED else "trigger",
        "dedup_key": key_of(delivery),
    }
    if event["event_action"] == "trigger":
        alert = delivery.alert
        more = {"together": together} if together > 1 else {}
        event["payload"] = {
            "summary": summary(delivery) + (f", the last of {together:,}" if more else ""),
            "source": "livedesk",
            "severity": alert.severity,
            "timestamp": alert.raised_at.isoformat(),
            "custom_details": {
                "value": alert.value,
                "threshold": alert.rule.threshold,
                "metric": alert.rule.metric,
                **more,
            },
        }
    return event


def webhook(deliveries: Sequence[Delivery]) -> bytes:
    """One by itself; of several a list of what each would have been."""
    facts = [facts_of(each) for each in deliveries]
    body = facts[0] if len(facts) == 1 else {"what": BATCH, "count": len(facts), "alerts": facts}
    return json.dumps(body, sort_keys=True).encode()


def facts_of(delivery: Delivery) -> dict[str, Any]:
    alert = delivery.alert
    return {
        "id": key_of(delivery),
        "what": delivery.what,
        "rule": alert.rule.name,
        "metric": alert.rule.metric,
        "severity": alert.severity,
        "value": alert.value,
        "threshold": alert.rule.threshold,
        "why": alert.why,
        "ended": alert.ended,
        "raised_at": alert.raised_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
    }


def signature(channel: Channel, body: bytes, at: int) -> str:
    """`t=seconds,v1=hex`: HMAC-SHA-256 of `seconds.body` by the channel's key; a receiver refuses an old `t`."""
    return f"t={at},v1={hmac.digest(channel.sealed_signing_key.encode(), f'{at}.'.encode() + body, 'sha256').hex()}"
