"""R-ADMIN: where people are signed in, since when and when last seen; ending one signs that browser out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from apps.accounts import seen
from apps.accounts.models import User
from apps.audit.models import Entry

pytestmark = pytest.mark.django_db
LIST = "/admin/usersessions/usersession/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def office(settings: Any) -> Client:
    settings.DEMO_SIGN_IN = True
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def trader(office: Client) -> Client:
    client = Client(headers={"user-agent": FIREFOX})
    client.post("/accounts/demo/", {"trader": "alice"})
    return client


def row_of(name: str) -> UserSession:
    return UserSession.objects.get(user__username=name)


def test_sessions_are_listed_by_user_with_their_device(office: Client, trader: Client) -> None:
    row = row_of("alice")

    page = office.get(LIST, {"user__id__exact": row.user_id}).content.decode()

    assert "Firefox on Linux" in page
    assert page.count('action-select"') == 1
    assert row.session_key not in page + office.get(f"{LIST}{row.pk}/change/").content.decode()


def test_a_session_that_ran_out_is_not_listed(office: Client, trader: Client) -> None:
    Session.objects.filter(session_key=row_of("alice").session_key).update(expire_date=timezone.now())

    assert "Firefox on Linux" not in office.get(LIST).content.decode()


def test_ending_one_signs_that_browser_out_and_is_on_record(office: Client, trader: Client) -> None:
    row = row_of("alice")

    office.post(LIST, {"action": "end", "_selected_action": [row.pk]})

    assert trader.get("/settings/").status_code == 302
    entry = Entry.objects.get(kind="admin.deleted")
    assert (entry.actor, "User: alice → gone" in entry.facts["change"]) == ("root", True)
    assert row.session_key not in str(entry.facts)


def test_when_it_was_last_seen_is_written_every_few_minutes(trader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    since = row_of("alice").last_seen_at
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        trader.get("/settings/")
        soon = row_of("alice").last_seen_at
    monkeypatch.setattr(seen, "EVERY", 0.0)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        trader.get("/settings/")

    assert soon == since
    assert timedelta(minutes=5) < row_of("alice").last_seen_at - since < timedelta(minutes=7)


def test_a_session_that_never_was_writes_nothing(client: Client, django_assert_num_queries: Any) -> None:
    client.cookies["sessionid"] = "a" * 32

    with django_assert_num_queries(1):  # it is looked for
        client.get("/settings/")


def test_a_lost_second_factor_is_taken_away_and_its_secret_is_nowhere(office: Client, alice: User) -> None:
    row = Authenticator.objects.create(user=alice, type="totp", data={"secret": "sealed-canary"})
    page = office.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()

    office.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"})

    entry = Entry.objects.get(kind="admin.deleted")
    assert not Authenticator.objects.exists()
    assert "Type: totp → gone" in entry.facts["change"]
    assert "sealed-canary" not in page + str(entry.facts)
