"""R-ADMIN: a suspended user is signed out everywhere, holds no open order, and comes in by no door."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import User
from apps.audit.chain import verify
from apps.audit.models import Entry
from apps.live.models import Event
from apps.trades.models import Order
from apps.trades.services import close_position, place_order
from apps.trades.ticket import Placed, Refused
from tests.live.scene import Scene
from tests.trades.words import ticket_of

from .fake_discord import FakeDiscord

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"
OPEN = {"new", "partially_filled", "held"}


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", display_name="Root")


@pytest.fixture
def office(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def scene(alice: User, bob: User, settings: Any) -> Scene:
    return Scene(alice, bob, settings)


def suspend(office: Client, user: User, reason: str = "Runaway <orders>") -> str:
    sent = {"action": "suspend", "_selected_action": [user.pk], "reason": reason}
    return office.post(USERS, sent, follow=True).content.decode()


def open_orders(user: User) -> int:
    return Order.objects.filter(account__user=user, status__in=OPEN).count()


def test_everything_of_the_user_ends_and_nothing_of_others(scene: Scene, office: Client, root: User) -> None:
    before, bobs = open_orders(scene.alice), scene.placed("buy 1 AAPL limit 100", owner=scene.bobs)
    held = scene.account.positions.get(instrument__symbol="AAPL").quantity

    page = suspend(office, scene.alice)

    scene.alice.refresh_from_db()
    scene.account.refresh_from_db()
    bobs.refresh_from_db()
    assert (before, open_orders(scene.alice), bobs.is_open) == (5, 0, True)
    assert (scene.alice.is_active, scene.account.reserved) == (False, 0)
    assert scene.account.positions.get(instrument__symbol="AAPL").quantity == held
    ended = Order.objects.filter(account=scene.account, reason="An admin has suspended this account")
    assert ended.count() == 4
    assert scene.client.get("/orders/").status_code == 401
    assert scene.clients[scene.bob.pk].get("/orders/").status_code == 200
    assert "5 orders cancelled" in page
    told = Event.objects.get(kind="access.suspended")
    assert (told.stream.name, told.facts) == (f"user/{scene.alice.pk}", {"reason": "Runaway <orders>"})


def test_it_asks_for_a_reason_first(office: Client, alice: User) -> None:
    asked = office.post(USERS, {"action": "suspend", "_selected_action": [alice.pk]})
    empty = office.post(USERS, {"action": "suspend", "_selected_action": [alice.pk], "reason": " "})

    alice.refresh_from_db()
    assert (asked.status_code, empty.status_code, alice.is_active) == (200, 200, True)
    assert 'name="reason"' in asked.content.decode()
    assert "This field is required" in empty.content.decode()


def test_the_users_own_page_leads_there_and_back_again(office: Client, alice: User) -> None:
    page, access = f"{USERS}{alice.pk}/change/", f"{USERS}{alice.pk}/access/"

    assert f'href="{access}">Suspend</a>' in office.get(page).content.decode()
    answer = office.post(access, {"action": "suspend", "reason": "Asked for it"})
    alice.refresh_from_db()
    assert (answer["Location"], alice.is_active) == (page, False)
    assert f'href="{access}">Reinstate</a>' in office.get(page).content.decode()
    office.post(access, {"action": "reinstate", "reason": "Asked for it"})
    alice.refresh_from_db()
    assert alice.is_active
    assert office.post(access, {"action": "delete", "reason": "No"}).status_code == 404
    assert office.get(f"{USERS}999999/access/").status_code == 404


def test_active_is_nothing_to_tick(office: Client, alice: User) -> None:
    inline = {"socialaccount_set-TOTAL_FORMS": "0", "socialaccount_set-INITIAL_FORMS": "0"}

    answer = office.post(f"{USERS}{alice.pk}/change/", {"display_name": "A", "time_zone": "UTC", **inline})

    alice.refresh_from_db()
    assert (answer.status_code, alice.display_name, alice.is_active) == (302, "A", True)


def test_who_is_reinstated_signs_in_anew_and_orders_stay_cancelled(scene: Scene, office: Client) -> None:
    suspend(office, scene.alice)
    office.post(USERS, {"action": "reinstate", "_selected_action": [scene.alice.pk], "reason": "Settled"})

    old = scene.client.get("/orders/").status_code
    scene.client.force_login(User.objects.get(username="alice"))
    assert (old, scene.client.get("/orders/").status_code) == (401, 200)
    assert open_orders(scene.alice) == 0
    scene.order("buy 1 AAPL limit 100")


def test_no_session_outlives_it_listed_or_not(client: Client, office: Client, alice: User) -> None:
    """What was signed in is not believed again, although the session itself is still there."""
    client.force_login(alice)
    UserSession.objects.filter(user=alice).delete()

    suspend(office, alice)
    User.objects.filter(pk=alice.pk).update(is_active=True)

    assert client.get("/settings/").status_code == 302


def test_both_are_on_record_with_what_was_before(scene: Scene, office: Client) -> None:
    suspend(office, scene.alice)
    office.post(USERS, {"action": "reinstate", "_selected_action": [scene.alice.pk], "reason": "Settled"})

    entries = Entry.objects.filter(kind__startswith="user.").order_by("seq")
    assert [(each.kind, each.actor, each.facts["user"]) for each in entries] == [
        ("user.suspended", "root", "alice"),
        ("user.reinstated", "root", "alice"),
    ]
    change = entries[0].facts["change"]
    assert re.fullmatch(r"Active: yes → no; Reason: Runaway <orders>; \d sessions? ended; 5 orders cancelled", change)
    assert entries[1].facts["change"] == "Active: no → yes; Reason: Settled"
    assert LogEntry.objects.filter(object_id=str(scene.alice.pk)).count() == 2
    assert verify().why == ""


def test_twice_is_once(office: Client, alice: User) -> None:
    suspend(office, alice)

    assert "nothing to do" in suspend(office, alice)
    assert Entry.objects.filter(kind="user.suspended").count() == 1


def test_the_last_superuser_cannot_suspend_themself(office: Client, root: User) -> None:
    page = suspend(office, root)

    root.refresh_from_db()
    assert "Nobody suspends themself" in page
    assert (root.is_active, Entry.objects.filter(kind="user.suspended").count()) == (True, 0)


def test_of_two_who_suspend_each_other_one_stays(root: User) -> None:
    other = User.objects.create_superuser("other")
    seen_before = User.objects.get(pk=other.pk)
    services.suspend(other, root, "First", timezone.now())

    with pytest.raises(services.NotPossible, match="suspended yourself"):
        services.suspend(root, seen_before, "Second", timezone.now())

    assert User.objects.get(pk=root.pk).is_active


def test_support_may_suspend_traders_but_no_superuser(root: User, alice: User, bob: User) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user"]))
    support = Client()
    support.force_login(bob)

    words = suspend(support, root)
    suspend(support, alice)

    assert "only another superuser may do that" in words
    assert User.objects.filter(is_active=False).get() == alice


def test_who_may_only_look_suspends_nobody(alice: User, bob: User) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_user"))
    looker = Client()
    looker.force_login(bob)

    suspend(looker, alice)
    direct = looker.post(f"{USERS}{alice.pk}/access/", {"action": "suspend", "reason": "Mine"})

    alice.refresh_from_db()
    assert (direct.status_code, alice.is_active) == (403, True)


def test_discord_does_not_let_in_who_is_suspended(
    client: Client, office: Client, discord: FakeDiscord, through_discord: Callable[..., HttpResponse]
) -> None:
    through_discord(client)
    suspend(office, User.objects.get(username__startswith="discord-"))
    discord.profile |= {"global_name": "Another name"}

    answer = through_discord(client)

    assert answer.status_code == 403
    assert "This account is suspended" in answer.content.decode()
    assert client.get("/settings/").status_code == 302
    assert not User.objects.filter(display_name="Another name").exists()


def test_the_demo_does_not_either(client: Client, office: Client, settings: Any) -> None:
    settings.DEMO_SIGN_IN = True
    client.post("/accounts/demo/", {"trader": "bob"})
    suspend(office, User.objects.get(username="bob"))

    page = client.post("/accounts/demo/", {"trader": "bob"})
    told = client.post("/accounts/demo/", {"trader": "bob"}, headers={"accept": "application/json"})

    assert (page.status_code, told.status_code) == (403, 403)
    assert told.json()["error"] == "This account is suspended"


def test_an_order_that_was_under_way_is_refused_and_the_desks_own_are_not(scene: Scene, office: Client) -> None:
    suspend(office, scene.alice)

    late = place_order(scene.account, ticket_of("buy 1 AAPL", "late"), scene.now)
    closing = close_position(scene.account, "AAPL", "mine", scene.now)
    called = close_position(scene.account, "AAPL", "margin:AAPL:1", scene.now, by_desk=True)

    assert isinstance(late, Refused)
    assert late.errors == {"account": "Your account is suspended; an admin can reinstate it"}
    assert isinstance(closing, Refused)
    assert isinstance(called, Placed)
