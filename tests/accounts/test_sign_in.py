"""The demo's door, the doors that are closed, and the way out."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from apps.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_on(settings: Settings) -> None:
    settings.DEMO_SIGN_IN = True


@pytest.mark.parametrize(("name", "staff"), [("alice", False), ("bob", False), ("admin", True)])
def test_demo_sign_in_by_form_leads_to_the_desk(client: Client, name: str, staff: bool) -> None:
    answer = client.post("/accounts/demo/", {"trader": name})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = User.objects.get(pk=client.session["_auth_user_id"])
    assert (user.username, user.is_staff, user.is_superuser) == (name, staff, staff)
    assert not user.has_usable_password()


def test_demo_sign_in_answers_json_when_asked(client: Client) -> None:
    answer = client.post("/accounts/demo/", {"trader": "alice"}, headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()) == (200, {"trader": "alice", "next": "/"})
    assert "_auth_user_id" in client.session


def test_demo_sign_in_as_another_takes_the_place_of_the_first(client: Client) -> None:
    client.post("/accounts/demo/", {"trader": "alice"})
    before = client.session.session_key

    client.post("/accounts/demo/", {"trader": "bob", "next": "/watchlist/"})

    assert User.objects.get(pk=client.session["_auth_user_id"]).username == "bob"
    assert client.session.session_key != before


def test_sign_in_changes_the_session_key(client: Client) -> None:
    client.session["kept"] = 1
    planted = client.session.session_key
    client.cookies["sessionid"] = planted or "planted"

    client.post("/accounts/demo/", {"trader": "alice"})

    assert client.session.session_key not in {None, planted, "planted"}


@pytest.mark.parametrize("trader", ["", "mallory", "discord-80351110224678912", "Alice"])
def test_unknown_demo_trader_is_refused_with_words(client: Client, trader: str) -> None:
    page = client.post("/accounts/demo/", {"trader": trader})
    json = client.post("/accounts/demo/", {"trader": trader}, headers={"accept": "application/json"})

    assert (page.status_code, json.status_code) == (422, 422)
    assert b"Choose alice, bob or admin." in page.content
    assert json.json() == {"error": "No such demo trader", "detail": "Choose alice, bob or admin."}
    assert User.objects.count() == 0


def test_demo_off_is_not_there(client: Client, settings: Settings) -> None:
    settings.DEMO_SIGN_IN = False

    assert client.post("/accounts/demo/", {"trader": "admin"}).status_code == 404
    assert b"demo desk" not in client.get("/accounts/login/").content
    assert User.objects.count() == 0


def test_demo_needs_post_and_csrf() -> None:
    strict = Client(enforce_csrf_checks=True)

    page = strict.post("/accounts/demo/", {"trader": "alice"})
    fragment = strict.post("/accounts/demo/", {"trader": "alice"}, headers={"hx-request": "true"})
    json = strict.post("/accounts/demo/", headers={"accept": "application/json"})

    assert [a.status_code for a in (page, fragment, json)] == [403, 403, 403]
    assert b"Reload the page and try again." in page.content
    assert b"<html" in page.content and b"<html" not in fragment.content
    assert (fragment["HX-Retarget"], fragment["HX-Reswap"]) == ("#toasts", "afterbegin")
    assert json.json()["error"] == "Nothing was done"
    assert strict.get("/accounts/demo/").status_code == 405


def test_demo_with_the_standard_csrf_cookie_and_header() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/accounts/login/")
    token = strict.cookies["csrftoken"].value

    answer = strict.post("/accounts/demo/", {"trader": "alice"}, headers={"X-CSRFToken": token})

    assert answer.status_code == 302


def test_next_page_leads_only_to_ourselves(client: Client) -> None:
    def onward(page: str) -> str:
        return client.post("/accounts/demo/", {"trader": "alice", "next": page})["Location"]

    assert onward("/watchlist/?list=2") == "/watchlist/?list=2"
    assert [onward(p) for p in ("https://evil.example/", "//evil.example", "javascript:1")] == ["/"] * 3


@pytest.mark.parametrize("page", [",", "home:front", "http://[", "//[", "watchlist", "\x00"])
def test_next_page_that_is_no_address_is_dropped(client: Client, page: str) -> None:
    answers = [
        client.post("/accounts/demo/", {"trader": "alice", "next": page}),
        client.get("/accounts/login/", {"next": page}),
        client.post("/accounts/logout/", {"next": page}),
    ]

    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/")] * 3


def test_demo_beyond_its_limit_is_refused_by_address(client: Client) -> None:
    codes = {client.post("/accounts/demo/", {"trader": "x"}).status_code for _ in range(60)}

    refused = client.post("/accounts/demo/", {"trader": "alice"}, headers={"accept": "application/json"})
    neighbour = client.post("/accounts/demo/", {"trader": "alice"}, REMOTE_ADDR="198.51.100.7")

    assert (codes, refused.status_code, neighbour.status_code) == ({422}, 429, 302)
    assert refused.json()["error"] == "Too many sign-ins"


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "password/change/",
        "password/set/",
        "password/reset/",
        "password/reset/key/1-abc/",
        "confirm-email/",
        "login/code/",
        "3rdparty/",
        "3rdparty/signup/",
        "",
    ],
)
def test_local_sign_up_password_and_email_pages_are_absent(client: Client, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code == 404
    assert client.post(f"/accounts/{path}", {"username": "x", "password": "y"}).status_code == 404


def test_password_signs_nobody_in(client: Client) -> None:
    User.objects.create_user("carl", password="a long password")

    assert client.post("/accounts/login/", {"login": "carl", "password": "a long password"}).status_code == 405
    assert not client.login(username="carl", password="a long password")
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_login_page_sends_those_who_are_signed_in_onward(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get("/accounts/login/?next=/watchlist/")["Location"] == "/watchlist/"


def test_sign_out_asks_then_forgets(client: Client, alice: User) -> None:
    client.force_login(alice)

    asked = client.get("/accounts/logout/")
    done = client.post("/accounts/logout/")

    assert (asked.status_code, "Clear-Site-Data" in asked) == (200, False)
    assert (done.status_code, done["Location"]) == (302, "/")
    assert done["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in client.session
