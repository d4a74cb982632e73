"""The traders' outbox: real HTTP to a receiver on this machine, real mail to Django's box."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from apps.alerts import services as rails
from apps.alerts.models import Channel, Delivery
from apps.alerts.sending import send_due
from apps.desk.crossing import Crossing
from apps.live.models import Event
from apps.traderalerts import firing, orders, services, words
from apps.traderalerts.models import AlertDelivery, AlertSettings, TraderAlert
from apps.traderalerts.sending import send_alerts, wanted
from tests.alerts.conftest import Receiver

from .conftest import MakeAlert

pytestmark = pytest.mark.django_db
LINE = "AAPL at or above 151.00: it was 151.02"


@pytest.fixture
def reached(alice: Any, receiver: Receiver) -> AlertSettings:
    row = AlertSettings(user=alice, way="discord", webhook=f"{receiver.url}/api/webhooks/1/x")
    services.save_settings(row)
    return row


def fire(alert: TraderAlert, at: datetime) -> None:
    assert firing.fire(alert.pk, alert.waiting_since, Crossing(at, Decimal("151.02")), at)


def said(receiver: Receiver) -> list[str]:
    return [json.loads(body)["content"] for _, _, body in receiver.heard]


def test_discord_is_told_until_it_is_acknowledged(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, now: datetime
) -> None:
    alert = make("price_above", "151")
    fire(alert, now)

    sent = [send_alerts(now + timedelta(minutes=minutes)) for minutes in (0, 1, 5, 6, 20)]
    services.acknowledge(alert, now + timedelta(minutes=21))
    late = send_alerts(now + timedelta(days=1))

    crossed = f"{LINE}, crossed {now:%H:%M:%S} UTC"
    assert (sent, late) == ([1, 0, 1, 0, 1], 0)
    assert said(receiver) == [crossed, f"Again, 2 of 5: {crossed}", f"Again, 3 of 5: {crossed}"]
    assert json.loads(receiver.heard[0][2])["allowed_mentions"] == {"parse": []}


def test_nobody_is_told_more_than_five_times(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, now: datetime
) -> None:
    fire(make("price_above", "151"), now)

    for hours in range(100):
        send_alerts(now + timedelta(hours=hours))

    assert len(receiver.heard) == 5


def test_what_fails_is_tried_again_and_what_is_acknowledged_meanwhile_is_not(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, now: datetime
) -> None:
    first, second = make("price_above", "151"), make("price_above", "151.01")
    receiver.answers = [(503, {}), (503, {})]
    fire(first, now)
    fire(second, now)
    send_alerts(now)
    services.acknowledge(second, now)

    send_alerts(now + timedelta(minutes=1))

    assert [row.attempts for row in AlertDelivery.objects.filter(ring=0).order_by("alert")] == [2, 1]
    assert len(receiver.heard) == 3


UNKNOWN_WEBHOOK = b'{"message": "Unknown Webhook", "code": 10015}'


@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_webhook_is_turned_off_and_its_trader_told_what_to_do(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, client: Client, now: datetime, status: int
) -> None:
    """Once, whatever else waits to be told; until the trader chooses again."""
    fire(make("price_above", "151"), now)
    receiver.answers, receiver.said = [(status, {})], UNKNOWN_WEBHOOK

    sent = [send_alerts(now + timedelta(minutes=minutes)) for minutes in (0, 5, 30)]

    row, told = AlertSettings.objects.get(), Event.objects.get(kind="alert.stopped")
    assert (sent, len(receiver.heard), row.way, row.stopped) == ([1, 0, 0], 1, "page", words.NO_WEBHOOK)
    assert (told.toast, told.facts["words"]) == (True, words.NO_WEBHOOK)
    client.force_login(row.user)
    shown = escape(words.NO_WEBHOOK)
    assert shown in client.get("/alerts/").content.decode()
    client.post("/alerts/settings/", {"way": "discord", "webhook": f"{receiver.url}/api/webhooks/2/y"})
    assert (AlertSettings.objects.get().way, shown in client.get("/alerts/").content.decode()) == ("discord", False)


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_another_answer_leaves_the_way_as_it_is(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, now: datetime, status: int
) -> None:
    fire(make("price_above", "151"), now)
    receiver.answers = [(status, {})]

    send_alerts(now)

    assert AlertSettings.objects.get().way == "discord"


def test_another_webhook_typed_meanwhile_stays(reached: AlertSettings, receiver: Receiver, alice: Any) -> None:
    newer = AlertSettings.objects.get()
    newer.webhook = f"{receiver.url}/api/webhooks/2/y"
    services.save_settings(newer)

    services.stop_way(reached, words.NO_WEBHOOK)

    assert AlertSettings.objects.get().way == "discord"


def test_what_is_acknowledged_while_it_is_being_sent_is_not_sent_again(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, now: datetime
) -> None:
    alert = make("price_above", "151")
    fire(alert, now)
    under_way = rails.claim(now, 10, timedelta(minutes=1), wanted())
    services.acknowledge(alert, now)

    rails.settle(under_way, now, "the receiver answered 503", now + timedelta(seconds=5))

    assert AlertDelivery.objects.filter(state="due").count() == 1
    assert (send_alerts(now + timedelta(minutes=1)), receiver.heard) == (0, [])


def test_mail_goes_to_the_accounts_own_address(
    make: MakeAlert, alice: Any, settings: Any, mailoutbox: list[Any], now: datetime
) -> None:
    settings.EMAIL_URL = "smtp://mail.example.com"
    alice.email = "alice@example.com"
    alice.save()
    services.save_settings(AlertSettings(user=alice, way="email"))
    fire(make("price_above", "151"), now)

    send_alerts(now)

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (
        ["alice@example.com"],
        f"[Livedesk] {LINE}, crossed {now:%H:%M:%S} UTC",
    )


def test_on_the_page_only_means_no_delivery(make: MakeAlert, now: datetime) -> None:
    fire(make("price_above", "151"), now)

    assert AlertDelivery.objects.count() == 0


def test_a_flood_of_orders_is_one_message_and_each_is_in_it(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, now: datetime
) -> None:
    make("order_filled", repeat=True)
    for quantity in range(1, 8):
        facts = {"side": "buy", "quantity": str(quantity), "symbol": "AAPL", "avg_px": "150.01"}
        orders.hear_order(reached.user_id, "filled", facts)

    send_alerts()

    (content,) = said(receiver)
    lines = content.splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"Buy {n} AAPL filled at 150.01" for n in range(1, 8)]


def test_no_traders_address_is_on_a_private_network(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, settings: Any, now: datetime
) -> None:
    """The guard is the operators' own, when it is sent too."""
    settings.ALERTS_ALLOW_PRIVATE = False
    row = AlertSettings.objects.get()
    row.webhook = receiver.url.replace("http://", "https://").rpartition(":")[0] + "/x"
    row.save()
    fire(make("price_above", "151"), now)

    send_alerts(now)

    row = AlertDelivery.objects.get(ring=0)
    assert (row.state, row.error) == ("dead", "127.0.0.1 is an address of a private network")
    assert receiver.heard == []


def test_operators_and_traders_outboxes_are_two(
    make: MakeAlert, reached: AlertSettings, receiver: Receiver, now: datetime
) -> None:
    Channel.objects.create(name="Ops", kind="discord", sealed_address=f"{receiver.url}/api/webhooks/2/ops")
    fire(make("price_above", "151"), now)

    assert (send_due(now), Delivery.objects.count()) == (0, 0)
    send_alerts(now)

    assert [path for path, _, _ in receiver.heard] == ["/api/webhooks/1/x"]
