"""Rules with their rehearsal, channels that keep their secrets, and what could not be sent: in the admin."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.alerts.models import Alert, Channel, Delivery, Rule
from tests.keys import key_named

from .conftest import NOW, Receiver, channel, looks

RULE = {
    "name": "Crowded",
    "metric": "connections",
    "threshold": "5",
    "clear": "3",
    "window_s": "10",
    "lasting_s": "0",
    "severity": "warning",
    "enabled": "on",
}
SECRET = "https://hooks.slack.com/services/T0/B0/s3cr3t-end"


@pytest.fixture
def office(admin_client: Client) -> Client:
    return admin_client


def text(response: Any) -> str:
    return unescape(response.content.decode())


def test_a_rule_says_when_it_would_have_fired(rule: Rule, office: Client) -> None:
    start = timezone.now() - timedelta(days=1)
    looks(2, 6, 2, 8, 2, start=start)

    page = text(office.get(f"/admin/alerts/rule/{rule.pk}/change/"))

    assert "It would have fired 2 times, at " in page
    assert f"{start + timedelta(seconds=10):%-d %b %H:%M:%S} (6)" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"clear": "6"}, "Clear must be 5 or less, or it would end while it fires"),
        ({"metric": "luck"}, "Select a valid choice"),
        ({"window_s": "5"}, "greater than or equal to 10"),
        ({"threshold": "-1"}, "greater than or equal to 0"),
        ({"threshold": "nan"}, "Enter a number"),
        ({"metric": "error_rate"}, "It is a share, and never above 1: 5 % is 0.05"),
    ],
)
def test_a_wrong_rule_says_what_would_be_right(rule: Rule, office: Client, fields: dict[str, str], words: str) -> None:
    page = office.post(f"/admin/alerts/rule/{rule.pk}/change/", {**RULE, **fields})

    assert page.status_code == 200
    assert words in text(page)
    rule.refresh_from_db()
    assert (rule.clear, rule.window_s, rule.metric) == (3, 10, "connections")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"sealed_address": "http://hooks.slack.com/x"},
            "Address cannot be used: the address must begin with https://",
        ),
        ({"kind": "email", "sealed_address": "nobody"}, "Address must be an e-mail address, such as ops@example.com"),
        ({"kind": "pagerduty", "sealed_address": "short"}, "Address must be a routing key of 32 letters and digits"),
        ({"kind": "webhook", "sealed_signing_key": "short"}, "Signing key must be 16 characters or more"),
    ],
)
def test_a_wrong_channel_says_what_would_be_right(
    db: None, office: Client, fields: dict[str, str], words: str
) -> None:
    sent = {"name": "Ops", "kind": "slack", "sealed_address": SECRET, "least": "info", "enabled": "on", **fields}

    page = office.post("/admin/alerts/channel/add/", sent)

    assert words in text(page)
    assert not Channel.objects.exists()


def test_an_address_is_shown_by_its_end_and_stays_when_nothing_is_typed(db: None, office: Client) -> None:
    kept = channel("slack", SECRET)
    kept.name = "Ops"
    kept.save()

    pages = [text(office.get(path)) for path in ("/admin/alerts/channel/", f"/admin/alerts/channel/{kept.pk}/change/")]
    sent = {"name": "Renamed", "kind": "slack", "sealed_address": "", "least": "info", "enabled": "on"}
    office.post(f"/admin/alerts/channel/{kept.pk}/change/", sent)

    kept = Channel.objects.get()
    assert ["s3cr3t" in page for page in pages] == [False, False]
    assert ["set, ends in …-end" in page.replace("Set,", "set,") for page in pages] == [True, True]
    assert "Not set. Of a signed webhook" in pages[1]
    assert (kept.name, kept.sealed_address, kept.sealed_signing_key) == ("Renamed", SECRET, "")


def test_what_is_typed_replaces_what_was_there(db: None, office: Client) -> None:
    kept = channel("slack", SECRET)
    sent = {"name": "Ops", "kind": "webhook", "least": "info", "enabled": "on"}
    typed = {"sealed_address": "https://example.com/new-end", "sealed_signing_key": "k" * 16}

    office.post(f"/admin/alerts/channel/{kept.pk}/change/", {**sent, **typed})

    kept = Channel.objects.get()
    assert {name: getattr(kept, name) for name in typed} == typed
    assert (kept.address, kept.signing_key) == ("", "")


def test_an_address_that_does_not_open_is_told_and_can_be_typed_again(db: None, office: Client, settings: Any) -> None:
    kept = channel("slack", SECRET)
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = key_named("another"), []
    path, sent = f"/admin/alerts/channel/{kept.pk}/change/", {"name": "Ops", "kind": "slack", "least": "info"}

    page = text(office.get(path))
    listed = text(office.get("/admin/alerts/channel/"))
    left = text(office.post(path, {**sent, "sealed_address": ""}))
    office.post(path, {**sent, "sealed_address": SECRET})

    assert "Set, but it does not open: type it again" in page
    assert "set, but it does not open: type it again" in listed
    assert "What is stored does not open: type it again" in left
    assert Channel.objects.get().sealed_address == SECRET


def test_a_channel_is_tried_by_a_test(db: None, office: Client, receiver: Receiver) -> None:
    good, bad = channel("slack", f"{receiver.url}/good"), channel("slack", f"{receiver.url}/bad")
    receiver.answers = [(204, {}), (404, {})]
    chosen = {"action": "send_a_test", "_selected_action": [good.pk, bad.pk]}

    page = text(office.post("/admin/alerts/channel/", chosen, follow=True))

    assert sorted(path for path, _, _ in receiver.heard) == ["/bad", "/good"]
    assert ": sent." in page
    assert ": not sent, the receiver answered 404" in page
    assert not Delivery.objects.exists()


def test_alerts_are_acknowledged_and_cannot_be_edited(rule: Rule, office: Client) -> None:
    looks(6, start=NOW)
    alert = Alert.objects.get()

    page = text(
        office.post("/admin/alerts/alert/", {"action": "acknowledge", "_selected_action": [alert.pk]}, follow=True)
    )

    alert.refresh_from_db()
    assert "1 alert acknowledged." in page
    assert str(alert.acknowledged_by) == "admin"
    assert office.post(f"/admin/alerts/alert/{alert.pk}/change/", {"value": "1"}).status_code == 403
    assert office.post(f"/admin/alerts/rule/{rule.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_rule_is_silenced_for_an_hour_and_on_record(rule: Rule, office: Client) -> None:
    office.post("/admin/alerts/rule/", {"action": "silence", "_selected_action": [rule.pk]})

    rule.refresh_from_db()
    assert rule.silenced_until is not None
    assert timedelta(minutes=59) < rule.silenced_until - timezone.now() <= timedelta(hours=1)
    assert "Silenced until" in text(office.get(f"/admin/alerts/rule/{rule.pk}/history/"))


def test_what_was_given_up_is_sent_again(rule: Rule, office: Client) -> None:
    channel("slack", SECRET)
    looks(6)
    Delivery.objects.update(state="dead", attempts=12, error="the receiver answered 404")
    dead = Delivery.objects.get()

    office.post("/admin/alerts/delivery/", {"action": "send_again", "_selected_action": [dead.pk]})

    dead.refresh_from_db()
    assert (dead.state, dead.attempts, dead.error) == ("due", 0, "")
