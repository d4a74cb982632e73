"""Silenced or switched off while it fires: whoever must know is told, when it is time and no more than that."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import ProtectedError

from apps.alerts.models import Alert, Delivery, Rule
from apps.alerts.sending import send_due
from apps.incidents.models import Update

from .conftest import NOW, Receiver, channel, looks

STEP, MINUTE = timedelta(seconds=10), timedelta(minutes=1)


@pytest.fixture
def slack(rule: Rule) -> None:
    """Nothing is sent there."""
    channel("slack", "https://hooks.slack.com/services/x")


def silence(*, until: Any) -> None:
    Rule.objects.update(silenced_until=until)


def told() -> list[tuple[str, Any]]:
    return list(Delivery.objects.order_by("pk").values_list("what", "due_at"))


def test_what_still_fires_when_the_silence_ends_is_told_then(slack: None) -> None:
    silence(until=NOW + MINUTE)

    looks(*[6] * 12)
    looks(0, start=NOW + 12 * STEP)

    assert told() == [("raised", NOW + 6 * STEP), ("resolved", NOW + 12 * STEP)]


def test_what_ends_in_the_silence_that_it_began_in_is_told_to_nobody(slack: None) -> None:
    silence(until=NOW + MINUTE)

    looks(6, 0, 0, 0, 0, 0, 0, 0)

    assert told() == []
    assert Alert.objects.get().resolved_at == NOW + STEP


def test_what_ends_at_the_look_after_its_silence_is_told_to_nobody(slack: None) -> None:
    silence(until=NOW + STEP)

    looks(6, 0)

    assert told() == []


def test_a_silence_that_is_lifted_by_hand_is_over(slack: None) -> None:
    silence(until=NOW + MINUTE)
    looks(6)

    silence(until=None)
    looks(6, start=NOW + STEP)

    assert told() == [("raised", NOW + STEP)]


def test_what_was_told_and_ends_in_silence_is_resolved_where_it_was_told(
    rule: Rule, receiver: Receiver, settings: Any
) -> None:
    """PagerDuty would keep it open; who came later never heard of it."""
    settings.PAGERDUTY_URL = f"{receiver.url}/v2/enqueue"
    channel("pagerduty", "r" * 32)
    looks(6)
    channel("discord", f"{receiver.url}/late")
    silence(until=NOW + MINUTE)

    looks(0, start=NOW + STEP)
    send_due(NOW + STEP)

    heard = [(path, json.loads(body)) for path, _, body in receiver.heard]
    assert [(path, body["event_action"]) for path, body in heard] == [
        ("/v2/enqueue", "trigger"),
        ("/v2/enqueue", "resolve"),
    ]
    assert len({body["dedup_key"] for _, body in heard}) == 1


def test_what_fires_of_a_rule_that_is_switched_off_is_over_and_says_why(rule: Rule, receiver: Receiver) -> None:
    """Once; and again when it is switched on and still fires."""
    channel("slack", f"{receiver.url}/ops")
    looks(6)
    Rule.objects.update(enabled=False)
    looks(6, 6, start=NOW + STEP)
    off = [(each.resolved_at, each.ended) for each in Alert.objects.all()]
    rule.refresh_from_db()
    Rule.objects.update(enabled=True)

    looks(6, start=NOW + 3 * STEP)

    send_due(NOW + 3 * STEP)
    assert off == [(NOW + STEP, "the rule was switched off")]
    assert (rule.state, rule.value) == ("no data", None)
    words = [json.loads(body)["text"] for _, _, body in receiver.heard]
    assert words[1] == "resolved: Crowded, after 0 min; the rule was switched off"
    assert [each.split(":")[0] for each in words] == ["warning", "resolved", "warning"]


def test_its_incident_says_why_too(rule: Rule) -> None:
    Rule.objects.update(metric="p95_ms")
    looks(0, p95_ms=600.0)
    Rule.objects.update(enabled=False)

    looks(0, start=NOW + STEP, p95_ms=600.0)

    assert Update.objects.filter(words="Alert over: Crowded (the rule was switched off)").count() == 1


def test_a_rule_that_has_fired_is_not_deleted(rule: Rule) -> None:
    """So that no alert stays open without one."""
    looks(6)

    with pytest.raises(ProtectedError):
        rule.delete()
