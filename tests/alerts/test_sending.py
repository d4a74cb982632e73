"""The outbox and its receivers: a real HTTP server behind each vendor's documented wire format."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Delivery, Rule
from apps.alerts.outgoing import Failed, Unsendable, is_public, post, target_of
from apps.alerts.sending import MOST_ATTEMPTS, send_due
from tests.keys import key_named

from .conftest import NOW, Receiver, channel, looks

KEY = "a key of sixteen characters"
STEP = timedelta(seconds=10)


def test_slack_and_discord_take_words(rule: Rule, receiver: Receiver) -> None:
    channel("slack", f"{receiver.url}/services/T/B/x")
    channel("discord", f"{receiver.url}/api/webhooks/1/x")
    looks(6)

    assert send_due(NOW) == 2

    bodies = {path: json.loads(body) for path, _, body in receiver.heard}
    words = "warning: Crowded – open sockets: 6 (above 5)"
    assert bodies == {
        "/services/T/B/x": {"text": words},
        "/api/webhooks/1/x": {"content": words, "allowed_mentions": {"parse": []}},
    }
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert send_due(NOW + STEP) == 0


def test_a_rules_name_calls_nobody_on_slack(rule: Rule, receiver: Receiver) -> None:
    Rule.objects.update(name="<!channel> & P95 > 5")
    channel("slack", f"{receiver.url}/services/T/B/x")
    looks(6)

    send_due(NOW)

    words = json.loads(receiver.heard[0][2])["text"]
    assert words.partition(" – ")[0] == "warning: &lt;!channel&gt; &amp; P95 &gt; 5"


def test_pagerduty_opens_and_resolves_by_one_key(rule: Rule, receiver: Receiver, settings: Any) -> None:
    settings.PAGERDUTY_URL = f"{receiver.url}/v2/enqueue"
    channel("pagerduty", "r" * 32)
    looks(6)
    send_due(NOW)
    looks(0, start=NOW + STEP)
    send_due(NOW + STEP)

    first, second = (json.loads(body) for _, _, body in receiver.heard)
    assert (first["event_action"], second["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == second["dedup_key"]
    assert first["routing_key"] == "r" * 32
    assert first["payload"] | {"summary": ""} == {
        "summary": "",
        "source": "livedesk",
        "severity": "warning",
        "timestamp": NOW.isoformat(),
        "custom_details": {"value": 6.0, "threshold": 5.0, "metric": "connections"},
    }


def test_a_webhook_is_signed_over_its_time_and_body(rule: Rule, receiver: Receiver) -> None:
    channel("webhook", f"{receiver.url}/hook", sealed_signing_key=KEY)
    looks(6)

    send_due(NOW)

    _, headers, body = receiver.heard[0]
    at, _, said = headers["Livedesk-Signature"].partition(",v1=")
    signed = f"{at.removeprefix('t=')}.".encode() + body
    assert hmac.compare_digest(said, hmac.digest(KEY.encode(), signed, "sha256").hex())
    assert json.loads(body)["what"] == "raised"


def test_mail_is_sent_where_it_can_be_and_given_up_where_not(rule: Rule, settings: Any, mailoutbox: list[Any]) -> None:
    channel("email", "ops@example.com")
    settings.EMAIL_URL = "smtp://mail.example.com"
    looks(6)
    send_due(NOW)
    settings.EMAIL_URL = ""
    looks(0, start=NOW + STEP)
    send_due(NOW + STEP)

    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["ops@example.com"], "[Livedesk] warning: Crowded – open sockets: 6 (above 5)")
    ]
    dead = Delivery.objects.get(what="resolved")
    assert (dead.state, dead.error) == ("dead", "EMAIL_URL is not set, so no mail can be sent")


@pytest.mark.parametrize(
    ("answer", "state", "earliest"),
    [
        ((503, {}), "due", 2.5),
        ((429, {"Retry-After": "120"}), "due", 120),
        ((404, {}), "dead", None),
        ((302, {"Location": "http://127.0.0.1/"}), "dead", None),
    ],
)
def test_what_fails_is_tried_later_or_given_up(
    rule: Rule, receiver: Receiver, answer: tuple[int, dict[str, str]], state: str, earliest: float | None
) -> None:
    channel("slack", f"{receiver.url}/x")
    receiver.answers = [answer]
    looks(6)

    send_due(NOW)

    found = Delivery.objects.get()
    assert (found.state, found.attempts, found.error) == (state, 1, f"the receiver answered {answer[0]}")
    if earliest is not None:
        assert timedelta(seconds=earliest) <= found.due_at - NOW <= timedelta(seconds=max(earliest, 5))
        assert send_due(found.due_at) == 1
        assert Delivery.objects.get().state == "sent"
    assert len(receiver.heard) == (1 if state == "dead" else 2)


def test_after_the_last_attempt_it_waits_for_an_admin(rule: Rule, receiver: Receiver) -> None:
    channel("slack", f"{receiver.url}/x")
    receiver.answers = [(500, {})] * MOST_ATTEMPTS
    looks(6)
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        send_due(now)
        now = Delivery.objects.get().due_at
    given_up = Delivery.objects.get()

    services.try_again([given_up], now)
    send_due(now)

    assert (given_up.state, given_up.attempts) == ("dead", MOST_ATTEMPTS)
    assert Delivery.objects.get().state == "sent"


def test_who_dies_while_sending_loses_nothing(rule: Rule, receiver: Receiver) -> None:
    """P16: what was taken and not settled is due again, with the same key for the receiver."""
    channel("webhook", f"{receiver.url}/x", sealed_signing_key=KEY)
    looks(6)
    services.claim(NOW, 10, timedelta(seconds=60))  # and dies

    assert send_due(NOW + timedelta(seconds=59)) == 0
    assert send_due(NOW + timedelta(seconds=60)) == 1
    assert len(receiver.heard) == 1


def test_a_flood_is_one_message_to_people_and_one_list_to_programs(rule: Rule, receiver: Receiver) -> None:
    channel("slack", f"{receiver.url}/people")
    channel("webhook", f"{receiver.url}/program", sealed_signing_key=KEY)
    rules = [
        Rule(name=f"Rule {number}", metric="connections", threshold=5, clear=3, window_s=10, severity="critical")
        for number in range(40)
    ]
    Rule.objects.bulk_create(rules)
    looks(6)

    send_due(NOW)

    paths = [path for path, _, _ in receiver.heard]
    assert (paths.count("/people"), paths.count("/program")) == (1, 1)
    listed = next(json.loads(body) for path, _, body in receiver.heard if path == "/program")
    assert (listed["what"], listed["count"]) == ("batch", 41)
    assert len({each["id"] for each in listed["alerts"]}) == 41
    text = next(json.loads(body)["text"] for path, _, body in receiver.heard if path == "/people")
    assert text.splitlines()[-1] == "… and 31 more"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1",
        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
        "64:ff9b:1::a00:1", "::7f00:1", "::10.0.0.1", "5f00::1", "4000::1", "fec0::1",
    ],
)  # fmt: skip
def test_no_address_of_this_or_a_private_network_is_public(address: str) -> None:
    """S8"""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_the_world_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://example.com/x", "must begin with https://"),
        ("ftp://example.com/x", "must begin with https://"),
        ("https://user:pass@example.com/", "without user and password"),
        ("https:///x", "must be https://host/path"),
        ("https://example.com:8443/x", "must be at port 443"),
        ("https://[::1/x", "cannot be read"),
    ],
)
def test_an_address_that_is_none_says_what_would_be_one(address: str, words: str) -> None:
    with pytest.raises(Unsendable, match=words.replace("[", r"\[")):
        target_of(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1"])
def test_this_machine_is_not_asked_by_any_of_its_names(host: str, receiver: Receiver, settings: Any) -> None:
    settings.ALERTS_ALLOW_PRIVATE = False

    with pytest.raises((Unsendable, Failed)):
        post(f"https://{host}/x", {}, {})

    assert receiver.heard == []


def test_a_name_that_changes_its_mind_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """DNS rebinding: looked up once. The second answer, this machine, is never asked for."""
    settings.ALERTS_ALLOW_PRIVATE = False
    answers: list[str] = ["192.88.99.1", "127.0.0.1"]
    asked: list[str] = []

    def lookup(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", (answers[len(asked) - 1], port))]

    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float) -> Any:
        connected.append(address)
        raise OSError("nobody there")

    monkeypatch.setattr("socket.getaddrinfo", lookup)
    monkeypatch.setattr("socket.create_connection", connect)

    with pytest.raises(Failed):
        post("https://rebinding.example.com/x", {}, {})

    assert (asked, connected) == (["rebinding.example.com"], [("192.88.99.1", 443)])


def test_a_receiver_that_is_gone_is_tried_again(rule: Rule, receiver: Receiver, settings: Any) -> None:
    channel("slack", "http://127.0.0.1:9/x")
    looks(6)

    send_due(NOW)

    assert Delivery.objects.get().state == "due"
    assert "ConnectionRefusedError" in Delivery.objects.get().error


def test_an_address_that_does_not_open_is_tried_again_once_its_key_is_back(
    rule: Rule, receiver: Receiver, settings: Any
) -> None:
    channel("slack", f"{receiver.url}/x")
    looks(6)
    key, settings.ENCRYPTION_KEY = settings.ENCRYPTION_KEY, key_named("another")

    send_due(NOW)

    waiting = Delivery.objects.get()
    assert (waiting.state, "no key of this desk" in waiting.error) == ("due", True)
    settings.ENCRYPTION_KEY = key
    assert send_due(waiting.due_at) == 1
    assert Delivery.objects.get().state == "sent"
