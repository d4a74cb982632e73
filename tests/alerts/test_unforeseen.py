"""What nobody thought of: it is one receiver's, and holds up no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps import telemetry
from apps.alerts.models import Delivery, Rule
from apps.alerts.sending import MOST_ATTEMPTS, send_due

from .conftest import NOW, Receiver, channel, looks


def faults() -> float:
    return telemetry.value(telemetry.faults.labels("alert delivery"))


def test_a_sender_that_is_no_address_holds_up_no_other_receiver(
    rule: Rule, receiver: Receiver, settings: Any, mailoutbox: list[Any]
) -> None:
    """P16: no mail can be made with it. Each time is counted and told in words, and it is sent once that is mended."""
    settings.EMAIL_URL, settings.DEFAULT_FROM_EMAIL = "smtp://mail.example.com", "Dépêches"
    mails = channel("email", "ops@example.com")
    channel("slack", f"{receiver.url}/people")
    before = faults()
    looks(6)

    tried = send_due(NOW)

    mail = Delivery.objects.get(channel=mails)
    assert (tried, [path for path, _, _ in receiver.heard]) == (2, ["/people"])
    assert (mail.state, mail.attempts, faults() - before) == ("due", 1, 1)
    assert mail.error == "no mail can be made of it: DEFAULT_FROM_EMAIL or the receiver is no address"
    for _ in range(MOST_ATTEMPTS - 2):
        mail.refresh_from_db()
        send_due(mail.due_at)
    mail.refresh_from_db()
    settings.DEFAULT_FROM_EMAIL = "desk@example.com"
    send_due(mail.due_at)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, len(mailoutbox)) == ("sent", MOST_ATTEMPTS, 1)


def test_an_alert_of_another_release_holds_up_none_of_this_ones(
    rule: Rule, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a figure that this release has no words for, while both run, or after a roll back."""
    channel("slack", f"{receiver.url}/people")
    terms = {"metric": "connections", "threshold": 5, "clear": 3, "window_s": 10}
    rule.delete()
    other = Rule.objects.create(name="Later", severity="critical", **terms)
    Rule.objects.create(name="Crowded", severity="warning", **terms)
    looks(6)
    Rule.objects.filter(pk=other.pk).update(metric="a figure to come")
    before = faults()

    tried = send_due(NOW)

    found = {each.alert.rule.name: (each.state, each.attempts, each.error) for each in Delivery.objects.all()}
    assert found == {"Crowded": ("sent", 1, ""), "Later": ("due", 1, "KeyError: the log says more")}
    assert (tried, faults() - before, "KeyError: 'a figure to come'" in caplog.text) == (2, 1, True)
    Rule.objects.filter(pk=other.pk).update(metric="connections")
    assert send_due(Delivery.objects.get(state="due").due_at) == 1
    assert [json.loads(body)["text"].split(" – ")[0] for _, _, body in receiver.heard] == [
        "warning: Crowded",
        "critical: Later",
    ]
