"""A trader's settings: looks, time zone, sessions."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import User
from apps.accounts.queries import browser_of, open_sessions
from apps.live.announce import announce
from apps.live.topics import user_stream

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LOOKS = {"theme": "dark", "density": "compact", "palette": "safe"}


@pytest.fixture(autouse=True)
def demo_on(settings: Settings) -> None:
    settings.DEMO_SIGN_IN = True


def signed_in_as(trader: str, user_agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": user_agent})
    client.post("/accounts/demo/", {"trader": trader})
    return client


def test_page_shows_profile_and_sessions() -> None:
    page = signed_in_as("alice").get("/settings/").content.decode()

    assert "<strong>Alice</strong>" in page
    assert "Firefox on Linux" in page and "This one" in page
    assert "Set up two-factor" in page


def test_page_is_for_those_who_are_signed_in(client: Client) -> None:
    answers = [client.get("/settings/"), client.post("/settings/time-zone/")]

    assert [(a.status_code, a["Location"].split("?")[0]) for a in answers] == [(302, "/accounts/login/")] * 2


def test_looks_are_kept_in_cookies_and_drawn_by_the_server() -> None:
    client = signed_in_as("alice")

    answer = client.post("/settings/appearance/", LOOKS)
    page = client.get("/settings/").content.decode()

    assert (answer.status_code, answer["Location"]) == (302, "/settings/")
    assert {name: client.cookies[name].value for name in LOOKS} == LOOKS
    assert '<html lang="en" data-theme="dark" data-density="compact" data-palette="safe">' in page


def test_looks_work_signed_out_too(client: Client) -> None:
    answer = client.post("/settings/appearance/", LOOKS)

    assert (answer["Location"], client.cookies["theme"].value) == ("/", "dark")


def test_odd_looks_are_refused_and_odd_cookies_ignored(client: Client) -> None:
    assert client.post("/settings/appearance/", LOOKS | {"theme": "<b>"}).status_code == 422

    client.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in client.get("/accounts/login/").content.decode()


def test_time_zone_is_saved_when_it_exists() -> None:
    client = signed_in_as("alice")

    good = client.post("/settings/time-zone/", {"time_zone": "Europe/Berlin"})
    shown = client.get("/settings/").content.decode()
    bad = client.post("/settings/time-zone/", {"time_zone": "Mars/Base"})

    assert (good.status_code, bad.status_code) == (302, 422)
    assert b"such as Europe/Berlin" in bad.content
    assert User.objects.get().time_zone == "Europe/Berlin"
    assert "Saved: your time zone is Europe/Berlin." in shown


def test_pages_show_utc_and_say_so_whatever_the_zone_is(client: Client, alice: User) -> None:
    """What goes by the zone instead names it."""
    alice.time_zone = "Pacific/Kiritimati"
    alice.save()
    client.force_login(alice)
    with transaction.atomic():
        event = announce(user_stream(alice.pk), "alert.stopped", {"words": "Something"}, toast=True)

    page = client.get("/activity/").content.decode()

    assert f'datetime="{event.at:%Y-%m-%dT%H:%M:%S}' in page
    assert f"{event.at:%-d %b %Y %H:%M:%S} UTC</time>" in page
    assert "<span>Times in UTC, where no other zone is named</span>" in page
    assert "Kiritimati" not in page


def test_one_session_is_ended_and_the_other_stays() -> None:
    here, there = signed_in_as("alice"), signed_in_as("alice")
    row = UserSession.objects.get(session_key=there.session.session_key)

    answer = here.post(f"/accounts/sessions/{row.pk}/end/")

    assert answer.status_code == 302
    assert there.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200
    assert [s.current for s in open_sessions(User.objects.get(), here.session.session_key)] == [True]


def test_foreign_session_is_not_found() -> None:
    alice, bob = signed_in_as("alice"), signed_in_as("bob")
    row = UserSession.objects.get(session_key=bob.session.session_key)

    assert alice.post(f"/accounts/sessions/{row.pk}/end/").status_code == 404
    assert alice.get(f"/accounts/sessions/{row.pk}/end/").status_code == 405
    assert Session.objects.filter(session_key=row.session_key).exists()


def test_all_other_sessions_are_ended() -> None:
    here, *others = (signed_in_as("alice") for _ in range(3))

    answer = here.post("/accounts/sessions/", follow=True)

    assert answer.redirect_chain == [("/settings/", 302)]
    assert "All other sessions are signed out." in answer.content.decode()
    assert [o.get("/settings/").status_code for o in others] == [302, 302]
    assert here.get("/accounts/sessions/")["Location"] == "/settings/"


@pytest.mark.parametrize("count", [1, 3])
def test_sessions_take_two_queries(count: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(count):
        signed_in_as("alice")
    user = User.objects.get()

    with django_assert_num_queries(2):
        assert len(open_sessions(user, None)) == count


def test_browser_is_named() -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"

    assert browser_of(chrome) == "Chrome on Windows"
    assert browser_of(chrome + " Edg/140.0") == "Edge on Windows"
    assert browser_of("curl/8") == "Unknown browser"


def test_frame_of_a_visitor_asks_the_database_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/accounts/login/")

    with django_assert_num_queries(0):
        assert client.get("/accounts/login/").status_code == 200
