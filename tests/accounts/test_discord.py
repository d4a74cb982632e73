"""Signing in with Discord, by the whole flow against a server that speaks as Discord does."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User

from .fake_discord import CLIENT_ID, FakeDiscord

pytestmark = pytest.mark.django_db
Visit = Callable[..., HttpResponse]


def signed_in(client: Client) -> User | None:
    try:
        return User.objects.get(pk=client.session.get("_auth_user_id"))
    except ObjectDoesNotExist:
        return None


def test_sign_in_opens_a_user_keyed_by_the_discord_id(
    client: Client, discord: FakeDiscord, through_discord: Visit
) -> None:
    answer = through_discord(client)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = signed_in(client)
    assert user
    assert (user.username, user.display_name) == ("discord-80351110224678912", "Nelly T")
    assert user.avatar_url == (
        "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png?size=64"
    )
    assert (user.email, user.has_usable_password()) == ("nelly@example.com", False)
    assert SocialAccount.objects.get().uid == "80351110224678912"
    assert SocialToken.objects.count() == 0


def test_authorize_request_carries_pkce_state_and_least_scope(client: Client, discord: FakeDiscord) -> None:
    answer = client.post("/accounts/discord/login/")

    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}
    assert answer["Location"].startswith(f"{discord.base}/oauth2/authorize?")
    assert asked["client_id"] == CLIENT_ID
    assert sorted(asked["scope"].split()) == ["email", "identify"]
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 16
    assert asked["redirect_uri"] == "http://testserver/accounts/discord/login/callback/"


def test_second_sign_in_is_the_same_user_with_the_new_name(
    client: Client, discord: FakeDiscord, through_discord: Visit
) -> None:
    through_discord(client)
    discord.profile |= {"global_name": "Nelly the Third", "avatar": None, "verified": False}

    through_discord(Client())

    user = User.objects.get()
    assert (user.display_name, user.avatar_url, user.email) == ("Nelly the Third", "", "")


def test_next_page_is_kept_when_ours_and_dropped_when_foreign(discord: FakeDiscord, through_discord: Visit) -> None:
    assert through_discord(Client(), next_page="/orders/")["Location"] == "/orders/"
    assert through_discord(Client(), next_page="//evil.example/")["Location"] == "/"


def test_refused_at_discord_signs_nobody_in(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    answer = through_discord(client, "Cancel")

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/discord/cancelled/")
    assert b"You cancelled at Discord" in client.get(answer["Location"]).content
    assert (signed_in(client), User.objects.count()) == (None, 0)


@pytest.mark.parametrize("change", [("state=", "state=x"), ("state=", "stat="), ("code=", "code=x")])
def test_callback_with_unknown_state_or_code_is_refused(
    client: Client, discord: FakeDiscord, through_discord: Visit, change: tuple[str, str]
) -> None:
    answer = through_discord(client, change=change)

    assert answer.status_code == 401
    assert b"Discord sign-in did not work" in answer.content
    assert (signed_in(client), User.objects.count()) == (None, 0)


def test_state_of_an_ended_session_is_refused(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    """The state lives in the session: one that has expired takes the sign-in with it."""
    sent = client.post("/accounts/discord/login/")
    state = parse_qs(urlsplit(sent["Location"]).query)["state"][0]
    client.session.flush()

    answer = client.get("/accounts/discord/login/callback/", {"code": "any", "state": state})

    assert (answer.status_code, signed_in(client)) == (401, None)


def test_state_serves_once(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    through_discord(client)
    state = discord.asked["state"]

    answer = client.get("/accounts/discord/login/callback/", {"code": "any", "state": state})

    assert answer.status_code == 401


def test_same_email_under_another_discord_id_is_another_user(discord: FakeDiscord, through_discord: Visit) -> None:
    owner = User.objects.create_user("owner", email="nelly@example.com", password="a long password")
    through_discord(Client())
    thief = Client()
    discord.profile |= {"id": "99999999999999999", "username": "owner", "global_name": "owner"}

    through_discord(thief)

    user = signed_in(thief)
    assert user and user.pk != owner.pk
    assert user.username == "discord-99999999999999999"
    assert sorted(SocialAccount.objects.values_list("uid", flat=True)) == [
        "80351110224678912",
        "99999999999999999",
    ]
    assert User.objects.count() == 3
    assert not SocialAccount.objects.filter(user=owner).exists()


@pytest.mark.parametrize("mark", ["bot", "system"])
def test_bot_and_system_users_are_refused(
    client: Client, discord: FakeDiscord, through_discord: Visit, mark: str
) -> None:
    discord.profile[mark] = True

    answer = through_discord(client)

    assert answer.status_code == 403
    assert b"Bots and system users" in answer.content
    assert (signed_in(client), User.objects.count()) == (None, 0)


def test_odd_name_and_avatar_are_cleaned(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    discord.profile |= {
        "global_name": "\u202eNel\u200bly\u0007 <script>alert(1)</script>" + "x" * 40,
        "avatar": '../../"onerror="x',
    }

    through_discord(client)

    user = User.objects.get()
    assert user.display_name == "Nelly <script>alert(1)</script>x"
    assert user.avatar_url == ""
    page = client.get("/settings/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_person_without_email_signs_in(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    discord.profile |= {"email": None, "verified": False, "global_name": None}

    through_discord(client)

    user = signed_in(client)
    assert user and (user.display_name, user.email) == ("nelly", "")


@pytest.mark.parametrize(("status", "profile"), [(500, {}), (200, {}), (200, {"id": "1; drop"}), (200, [])])
def test_odd_answer_about_the_person_is_a_refusal_not_a_crash(
    client: Client, discord: FakeDiscord, through_discord: Visit, status: int, profile: dict[str, str]
) -> None:
    discord.profile_status, discord.profile = status, profile

    answer = through_discord(client)

    assert (answer.status_code, User.objects.count()) == (401, 0)


def test_second_discord_account_cannot_be_joined(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    through_discord(client)
    discord.profile |= {"id": "99999999999999999"}
    sent = client.post("/accounts/discord/login/?process=connect")
    discord.authorize({k: v[0] for k, v in parse_qs(urlsplit(sent["Location"]).query).items()})
    code, grant = discord.grants.popitem()
    discord.grants[code] = grant

    answer = client.get("/accounts/discord/login/callback/", {"code": code, "state": grant["state"]})

    assert answer.status_code == 403
    assert SocialAccount.objects.count() == 1


def test_deactivated_user_is_told_so(client: Client, discord: FakeDiscord, through_discord: Visit) -> None:
    through_discord(client)
    User.objects.update(is_active=False)
    other = Client()

    answer = through_discord(other)

    assert answer.status_code == 403
    assert b"This account is suspended" in answer.content
    assert "_auth_user_id" not in other.session
    assert b"suspended" in other.get("/accounts/inactive/").content


def test_sign_in_is_a_post(client: Client, discord: FakeDiscord) -> None:
    answer = client.get("/accounts/discord/login/")

    assert answer.status_code == 200
    assert re.search(r'<form method="post"', answer.content.decode())
    assert Client(enforce_csrf_checks=True).post("/accounts/discord/login/").status_code == 403


def test_without_settings_there_is_no_button_and_no_way_in(client: Client, settings: Settings) -> None:
    settings.DISCORD_CLIENT_ID = settings.DISCORD_CLIENT_SECRET = ""

    page = client.get("/accounts/login/").content

    assert b"Continue with Discord" not in page
    assert b"is not set up here" in page
    assert client.post("/accounts/discord/login/").status_code == 404
    assert client.get("/accounts/discord/login/callback/").status_code == 404


def test_login_beyond_twenty_a_minute_is_refused(client: Client, discord: FakeDiscord) -> None:
    codes = [client.post("/accounts/discord/login/").status_code for _ in range(20)]

    refused = client.post("/accounts/discord/login/")

    assert codes == [302] * 20
    assert refused.status_code == 429
    assert b"Too many sign-ins" in refused.content
    assert 1 <= int(refused["Retry-After"]) <= 60
