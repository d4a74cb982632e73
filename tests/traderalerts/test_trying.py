"""The test button: a sample by the trader's own way, at once, with the outcome in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import User
from apps.traderalerts import services, words
from apps.traderalerts.models import AlertDelivery, AlertSettings
from apps.traderalerts.trying import SAMPLE
from tests.accounts.fake_discord import NELLY, FakeDiscord
from tests.alerts.conftest import Receiver
from tests.ports import free_port

from .test_direct import discord

__all__ = ["discord"]
pytestmark = pytest.mark.django_db
JSON, HTMX = {"accept": "application/json"}, {"hx-request": "true"}
SENT = {"sent": True, "detail": "Sent: Discord webhook. If nothing is there in a minute, check what you typed."}


@pytest.fixture(autouse=True)
def signed_in(client: Client, alice: User) -> None:
    client.force_login(alice)


def reach(user: User, way: str, webhook: str = "", **more: Any) -> None:
    services.save_settings(AlertSettings(user=user, way=way, webhook=webhook, **more))


def press(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.post("/alerts/test/", headers=JSON)
    return answer.status_code, answer.json()


def test_a_sample_goes_to_the_webhook_at_once_in_quiet_hours_too(
    client: Client, alice: User, receiver: Receiver
) -> None:
    reach(alice, "discord", f"{receiver.url}/api/webhooks/1/x", quiet_from="00:00", quiet_until="23:59")

    assert press(client) == (200, SENT)

    assert [json.loads(body)["content"] for _, _, body in receiver.heard] == [SAMPLE]
    assert AlertDelivery.objects.count() == 0


def test_the_outcome_stands_on_the_page_without_javascript_and_in_its_place_with_htmx(
    client: Client, alice: User, receiver: Receiver
) -> None:
    """R-NOJS"""
    reach(alice, "discord", f"{receiver.url}/api/webhooks/1/x")
    receiver.answers = [(403, {})]
    refused = client.post("/alerts/test/")
    cache.clear()
    part = client.post("/alerts/test/", headers=HTMX)

    page = refused.content.decode()
    assert (refused.status_code, "Not sent: the receiver answered 403." in page) == (422, True)
    assert 'action="/alerts/test/" hx-post="/alerts/test/" hx-target="#reach-tried"' in page
    assert (part.status_code, SENT["detail"] in part.content.decode()) == (200, True)
    assert part.content.decode().startswith("<p ")


def test_a_webhook_that_is_deleted_is_turned_off_and_says_what_to_do(
    client: Client, alice: User, receiver: Receiver
) -> None:
    reach(alice, "discord", f"{receiver.url}/api/webhooks/1/x")
    receiver.answers = [(404, {})]

    assert press(client) == (422, {"sent": False, "detail": f"Not sent. {words.NO_WEBHOOK}"})
    row = AlertSettings.objects.get()
    assert (row.way, row.stopped) == ("page", words.NO_WEBHOOK)


def test_one_in_ten_seconds_of_a_trader_is_sent(client: Client, alice: User, bob: User, receiver: Receiver) -> None:
    other = Client()
    other.force_login(bob)
    for user in (alice, bob):
        reach(user, "discord", f"{receiver.url}/api/webhooks/1/{user.username}")

    first, again, others = press(client), client.post("/alerts/test/"), press(other)

    assert (first, others) == ((200, SENT), (200, SENT))
    assert (again.status_code, again["Retry-After"]) == (429, "10")
    assert "One test in 10 seconds is enough. Wait, then try again." in again.content.decode()
    assert [path for path, _, _ in receiver.heard] == ["/api/webhooks/1/alice", "/api/webhooks/1/bob"]


def test_on_the_page_only_there_is_nothing_to_try(client: Client) -> None:
    words = "Alerts are told on the page only: choose another way and save it, then try it."
    assert press(client) == (422, {"sent": False, "detail": words})


def test_mail_is_sent_or_the_server_did_not_take_it(client: Client, alice: User, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example.com"
    alice.email = "alice@example.com"
    alice.save()
    reach(alice, "email")
    sent = press(client)
    cache.clear()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = free_port()  # nobody is there
    refused = press(client)

    assert (sent[0], mail.outbox[0].to, mail.outbox[0].subject) == (200, [alice.email], f"[Livedesk] {SAMPLE}")
    assert refused == (
        422,
        {"sent": False, "detail": "Not sent: the desk's mail server did not take it. Try again later."},
    )


def test_a_direct_message_is_sent_or_refused_for_good_or_for_now(
    client: Client, alice: User, discord: FakeDiscord
) -> None:
    SocialAccount.objects.create(user=alice, provider="discord", uid=NELLY["id"])
    reach(alice, "direct")
    sent = press(client)
    cache.clear()
    discord.waits = [1.5]
    later = press(client)
    cache.clear()
    discord.bot_token = "another"
    no_bot = press(client)
    cache.clear()
    discord.bot_token = "fake.bot-token"
    discord.closed = {NELLY["id"]}
    never = press(client)

    assert (sent[0], [body["content"] for _, body in discord.messages]) == (200, [SAMPLE])
    assert later[1]["detail"] == "Not sent: Discord answered 429, it has had too many messages. Try again later."
    assert no_bot[1]["detail"] == "Not sent: Discord refused the desk's own bot."
    assert never == (422, {"sent": False, "detail": f"Not sent. {words.NO_DIRECT}"})
    assert AlertSettings.objects.get().way == "page"


def test_signed_out_it_sends_nothing_and_it_takes_posts_alone(client: Client) -> None:
    assert Client().post("/alerts/test/", headers=JSON).status_code == 401
    assert client.get("/alerts/test/").status_code == 405
