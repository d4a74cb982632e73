"""Direct messages of Discord: real HTTP to a server that speaks as Discord documents it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps import telemetry
from apps.accounts.models import User
from apps.alerts import direct
from apps.desk.crossing import Crossing
from apps.live.models import Event
from apps.traderalerts import firing, services, words
from apps.traderalerts.models import AlertDelivery, AlertSettings
from apps.traderalerts.sending import send_alerts
from tests.accounts import fake_discord
from tests.accounts.fake_discord import NELLY, FakeDiscord

from .conftest import MakeAlert

pytestmark = pytest.mark.django_db
LINE = "AAPL at or above 151.00: it was 151.02"
OWN = NELLY["id"]
JSON = {"accept": "application/json"}


@pytest.fixture
def discord(settings: Any) -> Iterator[FakeDiscord]:
    direct.refused.clear()
    settings.ALERTS_ALLOW_PRIVATE = True
    settings.DISCORD_BOT_TOKEN = fake_discord.BOT_TOKEN
    with fake_discord.running() as server:
        settings.DISCORD_API_BASE = server.base
        yield server


@pytest.fixture
def reached(alice: User) -> AlertSettings:
    SocialAccount.objects.create(user=alice, provider="discord", uid=OWN)
    row = AlertSettings(user=alice, way="direct")
    services.save_settings(row)
    return row


@pytest.fixture
def fired(make: MakeAlert, reached: AlertSettings, now: datetime) -> None:
    alert = make("price_above", "151")
    assert firing.fire(alert.pk, alert.waiting_since, Crossing(now, Decimal("151.02")), now)


def first() -> AlertDelivery:
    return AlertDelivery.objects.get(ring=0)


def test_the_bot_writes_to_the_traders_own_discord_id(discord: FakeDiscord, fired: None, now: datetime) -> None:
    for minutes in (0, 1, 5):
        send_alerts(now + timedelta(minutes=minutes))

    crossed = f"{LINE}, crossed {now:%H:%M:%S} UTC"
    told = [{"content": text, "allowed_mentions": {"parse": []}} for text in (crossed, f"Again, 2 of 5: {crossed}")]
    assert discord.messages == [(OWN, body) for body in told]
    assert all(agent.startswith("DiscordBot (https://") for agent in discord.agents)
    assert first().state == "sent"


@pytest.mark.parametrize("seconds", [2.5, 130.25])
def test_discord_is_left_alone_for_as_long_as_its_429_asks(
    discord: FakeDiscord, fired: None, now: datetime, seconds: float
) -> None:
    discord.waits = [seconds]

    send_alerts(now)

    row = first()
    assert (row.state, row.attempts, row.error) == ("due", 1, "Discord answered 429")
    assert row.due_at - now >= timedelta(seconds=seconds)
    send_alerts(row.due_at)
    assert [recipient for recipient, _ in discord.messages] == [OWN]


def test_who_takes_no_messages_is_told_on_the_page_and_asked_no_more(
    discord: FakeDiscord, client: Client, alice: User, fired: None, now: datetime
) -> None:
    discord.closed = {OWN}

    sent = [send_alerts(now), send_alerts(now + timedelta(minutes=5))]

    row, told = AlertSettings.objects.get(), Event.objects.get(kind="alert.stopped")
    assert (sent, first().state, row.way, row.stopped) == ([1, 0], "dead", "page", words.NO_DIRECT)
    assert (told.toast, told.facts["words"]) == (True, words.NO_DIRECT)
    client.force_login(alice)
    shown = words.NO_DIRECT.replace("'", "&#x27;")
    assert shown in client.get("/alerts/").content.decode()
    assert shown in client.get("/activity/").content.decode()
    client.post("/alerts/settings/", {"way": "direct"})
    assert (AlertSettings.objects.get().way, shown in client.get("/alerts/").content.decode()) == ("direct", False)


def test_who_takes_no_messages_is_not_asked_for_each_alert(
    discord: FakeDiscord, make: MakeAlert, fired: None, now: datetime
) -> None:
    alert = make("price_above", "151.01")
    assert firing.fire(alert.pk, alert.waiting_since, Crossing(now, Decimal("151.02")), now)
    discord.closed = {OWN}

    send_alerts(now)

    assert (len(discord.bot_asked), Event.objects.filter(kind="alert.stopped").count()) == (2, 1)
    assert list(AlertDelivery.objects.filter(ring=0).values_list("state", flat=True)) == ["dead", "dead"]


def test_the_channel_is_asked_for_once(discord: FakeDiscord, fired: None, now: datetime) -> None:
    for minutes in (0, 5, 20):
        send_alerts(now + timedelta(minutes=minutes))

    assert len(discord.messages) == 3
    assert [path for path in discord.bot_asked if path.startswith("/users/")] == ["/users/@me/channels"]


def test_a_channel_that_is_gone_is_asked_for_again(discord: FakeDiscord, fired: None, now: datetime) -> None:
    """The message that found it gone goes to the new one, and so does the next."""
    send_alerts(now)
    discord.channels = {OWN: "319371244720459999"}

    for minutes in (5, 20):
        send_alerts(now + timedelta(minutes=minutes))

    old, new = (f"/channels/{channel}/messages" for channel in ("319371244720450000", "319371244720459999"))
    make = "/users/@me/channels"
    assert discord.bot_asked == [make, old, old, make, new, new]
    assert [recipient for recipient, _ in discord.messages] == [OWN] * 3


def test_a_new_channel_that_is_none_is_not_asked_for_again(
    receiver: Any, fired: None, settings: Any, now: datetime
) -> None:
    settings.DISCORD_BOT_TOKEN, settings.DISCORD_API_BASE = fake_discord.BOT_TOKEN, receiver.url
    receiver.said, receiver.answers = b'{"id": "319371244720450000", "code": 10003}', [(200, {}), (404, {})]

    send_alerts(now)

    assert (first().state, first().error) == ("dead", "Discord answered 404: no such channel")
    assert len(receiver.heard) == 2


def test_another_bot_has_channels_of_its_own(discord: FakeDiscord, fired: None, settings: Any, now: datetime) -> None:
    send_alerts(now)
    settings.DISCORD_BOT_TOKEN = discord.bot_token = "another"

    send_alerts(now + timedelta(minutes=5))

    assert discord.bot_asked.count("/users/@me/channels") == 2


def test_another_way_chosen_meanwhile_stays(discord: FakeDiscord, fired: None, reached: AlertSettings) -> None:
    AlertSettings.objects.update(way="email")

    services.stop_way(reached, words.NO_DIRECT)

    assert AlertSettings.objects.get().way == "email"
    assert not Event.objects.filter(kind="alert.stopped").exists()


def test_a_token_that_is_none_is_the_operators_fault(
    discord: FakeDiscord, fired: None, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """Counted each time, told once until a message goes through; the trader's way stays, and what is owed waits."""
    discord.bot_token = "another"
    counted = telemetry.faults.labels("discord bot")
    before = counted._value.get()

    send_alerts(now)
    send_alerts(now + timedelta(minutes=1))

    errors = [each.message for each in caplog.records if each.levelno == logging.ERROR]
    assert [message.partition(":")[0] for message in errors] == ["Discord answers 401"]
    assert counted._value.get() - before == 2
    assert (first().state, AlertSettings.objects.get().way) == ("due", "direct")
    assert fake_discord.BOT_TOKEN not in caplog.text
    discord.bot_token = fake_discord.BOT_TOKEN
    send_alerts(now + timedelta(minutes=3))
    assert (len(discord.messages), direct.refused) == (1, set())


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": "../../users/@me"}', b'{"id": null}'])
def test_an_answer_without_a_channel_is_tried_again(
    receiver: Any, fired: None, settings: Any, now: datetime, body: bytes
) -> None:
    settings.DISCORD_BOT_TOKEN, settings.DISCORD_API_BASE = fake_discord.BOT_TOKEN, receiver.url
    receiver.said = body

    send_alerts(now)

    assert (first().state, first().error) == ("due", "Discord's answer names no channel")
    assert [path for path, _, _ in receiver.heard] == ["/users/@me/channels"]


@pytest.mark.parametrize("said", ["soon", -1, float("nan"), float("inf"), None])
def test_a_wait_that_is_no_number_is_none(said: object) -> None:
    assert direct.seconds(said) == 0.0


def test_it_is_not_offered_without_a_bot_or_a_discord_id_and_the_page_says_why(
    client: Client, alice: User, settings: Any
) -> None:
    client.force_login(alice)
    settings.DISCORD_BOT_TOKEN = ""
    without_bot = client.get("/alerts/").content.decode()
    refused = client.post("/alerts/settings/", {"way": "direct"}, headers=JSON).json()
    settings.DISCORD_BOT_TOKEN = fake_discord.BOT_TOKEN
    without_id = client.get("/alerts/").content.decode()
    SocialAccount.objects.create(user=alice, provider="discord", uid=OWN)
    with_both = client.get("/alerts/").content.decode()

    offer = '<option value="direct"'
    assert [offer in page for page in (without_bot, without_id, with_both)] == [False, False, True]
    assert "This desk has no Discord bot (its DISCORD_BOT_TOKEN is not set)" in without_bot
    assert "You have never signed in through Discord" in without_id
    no_bot = "This desk has no Discord bot (its DISCORD_BOT_TOKEN is not set): choose another way"
    assert refused == {"errors": {"way": [no_bot]}}
    assert "No direct messages by Discord" not in with_both
