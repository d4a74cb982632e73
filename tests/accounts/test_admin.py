"""Users and sessions in the admin, and who becomes an admin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User

from .fake_discord import FakeDiscord

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", display_name="Root"))
    return client


def test_admin_has_no_password_door(client: Client, alice: User) -> None:
    answer = client.get("/admin/login/")

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=%2Fadmin%2Flogin%2F")
    client.force_login(alice)
    assert client.get("/admin/login/").status_code == 403


def test_users_are_listed_searched_filtered_and_shown(admin_client: Client, alice: User, bob: User) -> None:
    listed = admin_client.get("/admin/accounts/user/").content.decode()
    searched = admin_client.get("/admin/accounts/user/?q=Bob").content.decode()
    staff = admin_client.get("/admin/accounts/user/?is_staff__exact=1").content.decode()
    shown = admin_client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()

    assert all(f">{name}</a>" in listed for name in ("alice", "bob", "root"))
    assert ">bob</a>" in searched and ">alice</a>" not in searched
    assert ">root</a>" in staff and ">bob</a>" not in staff
    assert f"/admin/usersessions/usersession/?user__id__exact={alice.pk}" in shown
    assert 'name="password' not in shown
    assert admin_client.get("/admin/accounts/user/add/").status_code == 403
    assert admin_client.get(f"/admin/accounts/user/{alice.pk}/delete/").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_user_list_takes_the_same_queries(
    admin_client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        User.objects.create_user(f"trader{number}")

    with django_assert_num_queries(6):
        admin_client.get("/admin/accounts/user/")


def test_deleting_a_session_signs_that_browser_out(admin_client: Client, settings: object) -> None:
    settings.DEMO_SIGN_IN = True  # type: ignore[attr-defined]
    trader = Client()
    trader.post("/accounts/demo/", {"trader": "alice"})
    row = UserSession.objects.get(user__username="alice")

    admin_client.post(f"/admin/usersessions/usersession/{row.pk}/delete/", {"post": "yes"})

    assert trader.get("/settings/").status_code == 302


def test_make_admin_of_somebody_who_signed_in(
    client: Client, discord: FakeDiscord, through_discord: Callable[..., HttpResponse]
) -> None:
    with pytest.raises(CommandError, match="has signed in yet"):
        call_command("make_admin", "80351110224678912")
    through_discord(client)

    call_command("make_admin", "80351110224678912")

    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (True, True)
