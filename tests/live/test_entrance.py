"""One query lets in whoever comes together; the session itself decides who that is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.live.announce import announce
from apps.live.codes import MALFORMED, RESYNC, SIGNED_OUT, Code
from apps.live.entrance import Asking, Entered, Entrance, read_answers
from apps.live.pages import Page
from apps.live.topics import DESK_STREAM, user_stream
from apps.portfolio.services import open_account
from apps.watchlist.services import default_watchlist
from config import urls

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: Any, *, listed: bool = True) -> str:
    client = Client()
    client.force_login(user)
    key = client.cookies["sessionid"].value
    if listed:
        UserSession.objects.create(user=user, session_key=key, ip="127.0.0.1")
    return str(key)


@pytest.fixture
def keys(alice: Any, bob: Any) -> dict[str, str]:
    for user in (alice, bob):
        open_account(user)
        default_watchlist(user)
    return {"alice": signed_in(alice), "bob": signed_in(bob)}


assert urls.urlpatterns  # every page has its name by now


def answers(*asked: tuple[str, str, dict[str, str]]) -> list[Any]:
    loop = asyncio.new_event_loop()
    try:
        batch = [Asking(Page.registry[page], key, params, loop.create_future()) for page, key, params in asked]
        return read_answers(batch)
    finally:
        loop.close()


@pytest.mark.parametrize("page", ["desk", "portfolio", "trades", "watchlist", "activity"])
def test_one_query_for_all_who_come_together(
    keys: dict[str, str], page: str, django_assert_num_queries: Any, alice: Any, bob: Any
) -> None:
    answers((page, keys["alice"], {}))  # what a process reads once

    with django_assert_num_queries(1):
        found = answers(*[(page, key, {}) for key in keys.values()] * 3)

    assert [entered.visitor.user for entered in found] == [alice, bob] * 3
    assert found[0].topics != found[1].topics
    assert found[0].arrival.cursors == {user_stream(alice.pk): 1, DESK_STREAM: 0}  # the deposit


def test_a_page_says_what_it_has_seen(keys: dict[str, str], alice: Any) -> None:
    with transaction.atomic():
        for _ in range(3):
            announce(user_stream(alice.pk), "order.filled", topics=["orders/1"])

    seen, future = answers(("desk", keys["alice"], {"since": "2"}), ("desk", keys["alice"], {"since": "5"}))

    assert isinstance(seen, Entered)
    assert seen.arrival.cursors[user_stream(alice.pk)] == 2
    assert future is RESYNC


def test_a_session_that_is_not_listed_yet_is_let_in_all_the_same(alice: Any) -> None:
    open_account(alice)

    (entered,) = answers(("portfolio", signed_in(alice, listed=False), {}))

    assert entered.visitor.user == alice


def test_who_is_not_let_in(keys: dict[str, str], alice: Any, bob: Any) -> None:
    """Forged, expired, deleted; listed as another's; a user who may no longer come."""
    expired, deleted, anothers = signed_in(alice), signed_in(alice), signed_in(alice)
    Session.objects.filter(session_key=expired).update(expire_date=timezone.now() - timedelta(seconds=1))
    Session.objects.filter(session_key=deleted).delete()
    UserSession.objects.filter(session_key=anothers).update(user=bob)
    bob.is_active = False
    bob.save()

    found = answers(*(("desk", key, {}) for key in ("forged0000", expired, deleted, keys["bob"])))
    (listed_as_anothers,) = answers(("desk", anothers, {}))

    assert found == [SIGNED_OUT] * 4
    assert listed_as_anothers.visitor.user == alice  # what the session itself says


def test_a_new_password_ends_what_the_old_one_let_in(keys: dict[str, str], alice: Any) -> None:
    alice.set_password("another one altogether")
    alice.save()

    assert answers(("desk", keys["alice"], {})) == [SIGNED_OUT]


def test_one_page_of_nonsense_does_not_keep_the_others_out(keys: dict[str, str]) -> None:
    nonsense, fine = answers(("trades", keys["alice"], {"tab": "?"}), ("trades", keys["bob"], {}))

    assert nonsense is MALFORMED
    assert isinstance(fine, Entered)


async def test_who_comes_while_others_are_being_read_goes_in_with_the_next_batch(keys: dict[str, str]) -> None:
    entrance = Entrance()

    found = await asyncio.gather(
        *(entrance.enter(Page.registry["activity"], key, {}) for key in [keys["alice"], keys["bob"]] * 40),
        entrance.enter(Page.registry["activity"], "", {}),
    )

    assert [isinstance(one, Entered) for one in found] == [True] * 80 + [False]
    assert isinstance(found[-1], Code)
    assert entrance.waiting == []
