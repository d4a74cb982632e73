"""Ten thousand deliveries at once: grouped, fair to every receiver, and none lost or told twice."""

from __future__ import annotations

import hmac
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.alerts import services
from apps.alerts.grouping import MOST_IN_A_BATCH
from apps.alerts.models import Alert, Channel, Delivery, Rule
from apps.alerts.outgoing import Failed, Unsendable, post
from apps.alerts.sending import LEASE, MOST_ATTEMPTS, send_due
from tests.patience import at_most
from tests.ports import free_port

from .conftest import NOW, Receiver, channel

KEY = "a key of sixteen characters"
ALERTS = 1_667
EACH = 2 * ALERTS  # raised and resolved
SENT_WITHIN_S = 20.0


def flood(rule: Rule, channels: list[Channel], alerts: int = ALERTS, open_ones: int = 0) -> None:
    """That many alerts that came and went, to be told to each of the channels; the oldest to the first of them."""
    second = timedelta(seconds=1)
    rows = [
        Alert(rule=rule, severity="critical", value=number, raised_at=NOW - number * second, resolved_at=NOW)
        for number in range(alerts)
    ]
    for row in rows[:open_ones]:
        row.resolved_at = None
    made = Alert.objects.bulk_create(rows)
    Delivery.objects.bulk_create(
        Delivery(alert=alert, channel=each, what=what, due_at=NOW - (len(channels) - place) * timedelta(minutes=1))
        for place, each in enumerate(channels)
        for alert in made
        for what in Delivery.What
        if what == Delivery.What.RAISED or alert.resolved_at
    )


def hook(address: str) -> Channel:
    return channel("webhook", address, sealed_signing_key=KEY)


def told_to(receiver: Receiver, path: str) -> tuple[int, Counter[tuple[str, str]]]:
    """In how many requests, and how often each event."""
    bodies = [body for where, _, body in receiver.heard if where == path]
    said = [json.loads(body) for body in bodies]
    facts = [each for body in said for each in (body["alerts"] if body["what"] == "batch" else [body])]
    return len(bodies), Counter((each["id"], each["what"]) for each in facts)


@pytest.mark.timeout(300)
def test_ten_thousand_over_a_dead_receiver_and_two_that_live(
    rule: Rule, receiver: Receiver, admin_client: Client, record_property: Callable[[str, Any], None]
) -> None:
    """R-FLOOD: the dead one's are the oldest; the others get all of theirs once, and its own wait for an admin."""
    dead = hook(f"http://127.0.0.1:{free_port()}/dead")
    flood(rule, [dead, hook(f"{receiver.url}/one"), hook(f"{receiver.url}/two")])
    began = time.monotonic()
    rounds = 0
    while Delivery.objects.exclude(channel=dead).filter(state="due").exists():
        assert send_due(NOW) > 0
        rounds += 1
    took = time.monotonic() - began

    words = f"{3 * EACH:,} deliveries, one receiver of three dead: the others had theirs after {took:.1f} s"
    record_property("figure", f"{words}, in {rounds} rounds")
    assert took < at_most(SENT_WITHIN_S)
    for path in ("/one", "/two"):
        requests, told = told_to(receiver, path)
        assert (len(told), set(told.values())) == (EACH, {1})
        assert requests <= EACH / MOST_IN_A_BATCH + rounds
    assert set(Delivery.objects.filter(channel=dead).values_list("state", flat=True)) == {"due"}

    give_up(dead)

    found = admin_client.get("/admin/alerts/delivery/", {"state__exact": "dead", "channel__id__exact": dead.pk})
    assert f"{EACH} deliveries" in found.content.decode()
    assert set(Delivery.objects.values_list("channel", "state")) == {
        (each.pk, "dead" if each == dead else "sent") for each in Channel.objects.all()
    }


def give_up(dead: Channel) -> None:
    """Goes on from one moment at which something is due to the next, until nothing is."""
    tries = 0
    while row := Delivery.objects.filter(channel=dead, state="due").order_by("due_at").first():
        send_due(row.due_at)
        tries += 1
        assert tries < 2 * MOST_ATTEMPTS * EACH / MOST_IN_A_BATCH


def test_a_round_takes_of_each_receiver_as_much_as_of_any_other(rule: Rule) -> None:
    """The first one's are the oldest, and more than a round takes."""
    first, second = hook("https://example.com/first"), hook("https://example.com/second")
    flood(rule, [first, second], alerts=100)

    taken = Counter(each.channel_id for each in services.claim(NOW, 120, LEASE))
    rest = Counter(each.channel_id for each in services.claim(NOW, 500, LEASE))

    assert (taken, rest) == ({first.pk: 60, second.pk: 60}, {first.pk: 140, second.pk: 140})


@pytest.mark.django_db(transaction=True)
def test_processes_that_take_at_once_take_each_row_once(rule: Rule) -> None:
    flood(rule, [hook("https://example.com/first"), hook("https://example.com/second")], alerts=100)
    taken: list[int] = []

    def take() -> None:
        while rows := services.claim(NOW, 50, LEASE):
            taken.extend(each.pk for each in rows)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(Delivery.objects.values_list("pk", flat=True))


def test_who_did_not_answer_comes_after_the_others(rule: Rule, receiver: Receiver, monkeypatch: Any) -> None:
    order: list[int] = []
    real = socket.create_connection

    def connect(where: tuple[str, int], timeout: float) -> socket.socket:
        order.append(where[1])
        return real(where, timeout)

    monkeypatch.setattr("socket.create_connection", connect)
    gone = free_port()
    flood(rule, [hook(f"http://127.0.0.1:{gone}/dead"), hook(f"{receiver.url}/one")], alerts=10)
    send_due(NOW)
    flood(rule, list(Channel.objects.order_by("pk")), alerts=10)

    send_due(NOW + LEASE)

    lives = int(receiver.url.rpartition(":")[2])
    assert order == [gone, lives, lives, gone]


def test_a_batch_is_signed_as_one_is(rule: Rule, receiver: Receiver) -> None:
    flood(rule, [hook(f"{receiver.url}/x")], alerts=10)

    send_due(NOW)

    [(_, headers, body)] = receiver.heard
    at, _, said = headers["Livedesk-Signature"].partition(",v1=")
    signed = f"{at.removeprefix('t=')}.".encode() + body
    assert hmac.compare_digest(said, hmac.digest(KEY.encode(), signed, "sha256").hex())


def test_pagerduty_gets_of_what_is_over_the_newest_and_whatever_is_open(
    rule: Rule, receiver: Receiver, settings: Any
) -> None:
    """Each open alert by its own key, so that its end can be told; the others of its rule as one."""
    settings.PAGERDUTY_URL = f"{receiver.url}/v2/enqueue"
    flood(rule, [channel("pagerduty", "r" * 32)], alerts=300, open_ones=1)
    newest = Alert.objects.filter(resolved_at__isnull=False).latest("pk")

    while send_due(NOW):
        continue

    events = [json.loads(body) for _, _, body in receiver.heard]
    keys = Counter((each["event_action"], each["dedup_key"]) for each in events)
    still_open = Alert.objects.get(resolved_at__isnull=True)
    assert set(keys.values()) == {1}
    assert len(events) <= 8
    assert keys[("trigger", f"livedesk-alert-{still_open.pk}")] == 1
    assert keys[("resolve", f"livedesk-alert-{still_open.pk}")] == 0
    assert keys[("trigger", f"livedesk-alert-{newest.pk}")] == keys[("resolve", f"livedesk-alert-{newest.pk}")] == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_receiver_that_has_had_enough_is_left_alone_for_that_round(
    rule: Rule, receiver: Receiver, settings: Any
) -> None:
    settings.PAGERDUTY_URL = f"{receiver.url}/v2/enqueue"
    for number in range(10):
        other = Rule.objects.create(
            name=f"Rule {number}", metric="connections", threshold=5, clear=3, window_s=10, severity="critical"
        )
        Alert.objects.create(rule=other, severity="critical", value=6, raised_at=NOW)
    to = channel("pagerduty", "r" * 32)
    Delivery.objects.bulk_create(
        Delivery(alert=alert, channel=to, what="raised", due_at=NOW) for alert in Alert.objects.all()
    )
    receiver.answers = [(202, {}), (429, {"Retry-After": "30"})]

    assert send_due(NOW) == 2
    assert len(receiver.heard) == 2
    assert Counter(Delivery.objects.values_list("state", "attempts")) == {("sent", 1): 1, ("due", 1): 1, ("due", 0): 8}
    assert send_due(NOW + LEASE) == 9


# A name with several addresses


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """What hooks.example has."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    real = socket.getaddrinfo

    def lookup(host: str, *asked: Any, **options: Any) -> Any:
        return found if host == "hooks.example" else real(host, *asked, **options)

    monkeypatch.setattr("socket.getaddrinfo", lookup)


def test_each_address_of_a_name_is_tried(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.9 and 127.0.0.8 refuse, 127.0.0.1 is the receiver."""
    port = receiver.url.rpartition(":")[2]
    resolving(monkeypatch, "127.0.0.9", "127.0.0.8", "127.0.0.1")

    post(f"http://hooks.example:{port}/x", {"text": "words"}, {})

    [(path, headers, _)] = receiver.heard
    assert (path, headers["Host"]) == ("/x", f"hooks.example:{port}")


def test_where_no_address_answers_the_last_one_says_why(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ALERTS_ALLOW_PRIVATE = True
    resolving(monkeypatch, "127.0.0.9", "127.0.0.1")

    with pytest.raises(Failed, match="ConnectionRefusedError"):
        post(f"http://hooks.example:{free_port()}/x", {}, {})


@pytest.mark.parametrize("addresses", [("1.1.1.1", "127.0.0.1"), ("127.0.0.1", "1.1.1.1"), ("1.1.1.1", "10.0.0.1")])
def test_a_name_that_also_leads_inside_is_not_asked_at_any_address(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """S8"""
    settings.ALERTS_ALLOW_PRIVATE = False
    asked: list[Any] = []
    resolving(monkeypatch, *addresses)
    monkeypatch.setattr("socket.create_connection", lambda *where, **options: asked.append(where))

    with pytest.raises(Unsendable, match="private network"):
        post("https://hooks.example/x", {}, {})

    assert asked == []
