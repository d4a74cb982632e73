"""R-ADMIN, S11: staff open the admin and operations with a second factor, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from tests.browser.server import manage

from .fake_discord import FakeDiscord
from .test_two_factor import code_of, later, switch_on

SET_UP = "/accounts/2fa/totp/activate/"
DOORS = ("/admin/", "/admin/accounts/user/", "/ops/", "/ops/curves.json", "/ops/connections/")
Visit = Callable[..., HttpResponse]


@pytest.fixture
def asked(settings: Any) -> None:
    settings.STAFF_MFA = True


@pytest.fixture
def office(client: Client, asked: None, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("door", DOORS)
def test_staff_without_one_are_led_to_set_it_up_with_words(office: Client, door: str) -> None:
    answer = office.get(door)

    assert (answer.status_code, answer["Location"]) == (302, SET_UP)
    words = [str(message) for message in get_messages(answer.wsgi_request)]
    assert words == ["Staff need two-factor sign-in here. Set it up, then open the page again."]
    assert words[0] in office.get(SET_UP).content.decode()


@pytest.mark.parametrize("door", DOORS)
def test_json_is_refused_in_words(office: Client, door: str) -> None:
    answer = office.get(door, headers={"accept": "application/json"})

    assert answer.status_code == 403
    assert answer.json()["error"] == "Two-factor sign-in needed"
    assert "Set it up" in answer.json()["detail"]


def test_nothing_is_written_without_one(office: Client, alice: User) -> None:
    sent = {"action": "suspend", "reason": "No"}

    direct = office.post(f"/admin/accounts/user/{alice.pk}/access/", sent)
    office.post("/admin/accounts/user/", {**sent, "_selected_action": [alice.pk]})

    alice.refresh_from_db()
    assert (direct["Location"], alice.is_active) == (SET_UP, True)


def test_a_part_that_htmx_asks_for_sends_the_whole_page_there(office: Client) -> None:
    assert office.get("/ops/connections/", headers={"hx-request": "true"})["HX-Redirect"] == SET_UP


def test_traders_and_strangers_meet_what_they_always_met(asked: None, client: Client, alice: User) -> None:
    strangers = [client.get(door).status_code for door in ("/admin/", "/ops/")]
    client.force_login(alice)

    assert strangers == [302, 302]
    assert client.get("/ops/").status_code == 404
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/orders/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_who_has_set_it_up_passes_and_another_session_shows_it_first(
    discord: FakeDiscord, through_discord: Visit, settings: Any
) -> None:
    here, older = Client(), Client()
    through_discord(here)
    through_discord(older)  # signed in before there was a second factor
    User.objects.update(is_staff=True, is_superuser=True)
    settings.STAFF_MFA = True
    secret = switch_on(here)

    stopped = older.get("/admin/accounts/user/?q=x")
    with later():
        confirmed = older.post(stopped["Location"], {"code": code_of(secret)})

    assert here.get("/admin/").status_code == 200
    assert stopped["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Faccounts%2Fuser%2F%3Fq%3Dx"
    assert confirmed["Location"] == "/admin/accounts/user/?q=x"
    assert older.get("/ops/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_who_signs_in_with_it_passes_and_who_switches_it_off_does_not(
    discord: FakeDiscord, through_discord: Visit, settings: Any
) -> None:
    first, second = Client(), Client()
    through_discord(first)
    User.objects.update(is_staff=True, is_superuser=True)
    settings.STAFF_MFA = True
    secret = switch_on(first)
    through_discord(second)
    with later():
        second.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    passed = second.get("/admin/").status_code
    Authenticator.objects.all().delete()

    assert passed == 200
    assert second.get("/admin/")["Location"] == SET_UP


def test_the_demos_admin_has_none_to_show(client: Client, db: None) -> None:
    client.post("/accounts/demo/", {"trader": "admin"})

    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        ({}, False),
        ({"DEMO_SIGN_IN": "off"}, True),
        ({"DEMO_SIGN_IN": "off", "DEBUG": "on"}, False),
        ({"STAFF_MFA": "on"}, True),
    ],
)
def test_it_is_asked_for_unless_the_desk_is_a_demo_or_under_work(
    tmp_path: Any, settings: dict[str, str], on: bool
) -> None:
    ask = "from django.conf import settings; print(settings.STAFF_MFA)"

    assert manage(tmp_path, "shell", "--no-imports", "-c", ask, **settings).split()[-1] == str(on)
