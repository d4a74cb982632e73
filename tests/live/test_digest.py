"""What was missed, summed up: once, in order, and with numbers that are true."""

from __future__ import annotations

import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import Client

from apps.accounts.models import User
from apps.live.announce import announce
from apps.live.digest import counted, digest_of
from apps.live.hub import Hub
from apps.live.models import Event
from apps.live.topics import user_stream

from .conftest import Reader

RANGE = re.compile(r'data-after="(\d+)" data-seq="(\d+)"')


def order(number: int, *outcomes: str) -> list[tuple[str, dict[str, str]]]:
    return [(f"order.{outcome}", {"order_id": f"o{number}"}) for outcome in outcomes]


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (
            [
                *order(1, "accepted", "filled"),
                *order(2, "filled"),
                *order(3, "filled"),
                *order(4, "canceled"),
                *order(5, "accepted", "canceled"),
            ],
            "3 orders filled, 2 cancelled",
        ),
        (order(1, "accepted", "partially_filled", "partially_filled", "filled"), "1 order filled"),
        (order(1, "accepted") + order(2, "accepted", "partially_filled"), "1 order partly filled, 1 accepted"),
        (
            [("account.deposit", {}), *order(1, "rejected"), ("account.deposit", {})],
            "1 order rejected, 2 transfers in",
        ),
        ([("account.deposit", {}), ("order.moved", {"order_id": "o1"}), ("news.x", {})], "1 transfer in, 2 others"),
        ([("news.x", {})] * 7, "7 notifications"),
    ],
)
def test_words_count_each_order_once_by_what_became_of_it(events: list[Any], words: str) -> None:
    """R-TOAST"""
    assert sorted(counted(events).split(", ")) == sorted(words.split(", "))


@sync_to_async
def miss(user_id: int, toasts: int, quiet: int = 0) -> int:
    return say(user_id, toasts, quiet)


def say(user_id: int, toasts: int, quiet: int = 0) -> int:
    with transaction.atomic():
        for number in range(quiet):
            announce(user_stream(user_id), "word.quiet", {"word": f"q{number}"})
        for number in range(toasts):
            last = announce(user_stream(user_id), "word.said", {"word": f"w{number}"}, toast=True)
    return last.seq


def returning(user_id: int, seen: int, newest: int) -> Reader:
    """A page that comes back: it saw this number, and the stream has got to that one."""
    reader = Reader(user_id, seq=seen)
    reader.newest = {user_stream(user_id): newest}
    return reader


@pytest.mark.django_db(transaction=True)
async def test_page_that_missed_many_gets_one_toast_and_then_each(hub: Hub) -> None:
    """R-TOAST: the digest stands for all up to its number; what comes after is told by itself, in order."""
    newest = await miss(1, toasts=8)
    reader = returning(1, seen=2, newest=newest)

    hub.join(reader, [])
    await reader.until(bool)
    await miss(1, toasts=2)
    await reader.until(lambda got: len(got) == 3)

    assert RANGE.findall(reader.got[0]) == [("2", "8")]
    assert "6 notifications" in reader.got[0]
    assert [re.findall(r'data-seq="(\d+)"', html) for html in reader.got[1:]] == [["9"], ["10"]]


@pytest.mark.django_db(transaction=True)
async def test_page_that_missed_few_gets_each(hub: Hub) -> None:
    newest = await miss(1, toasts=5, quiet=20)
    reader = returning(1, seen=0, newest=newest)

    hub.join(reader, [])
    await reader.until(lambda got: len(got) == 5)

    assert [re.findall(r'data-seq="(\d+)"', html) for html in reader.got] == [[str(n)] for n in range(21, 26)]


@pytest.mark.django_db(transaction=True)
async def test_what_is_said_while_the_page_looks_on_is_told_each(hub: Hub) -> None:
    """A burst is not an absence."""
    reader = returning(1, seen=0, newest=0)
    hub.join(reader, [])

    await miss(1, toasts=30)
    await reader.until(lambda got: len(got) == 30)

    assert all("data-after" not in html for html in reader.got)


@pytest.mark.django_db(transaction=True)
async def test_page_that_cannot_take_the_digest_gets_it_later_once(hub: Hub) -> None:
    newest = await miss(1, toasts=8)
    slow, quick = returning(1, seen=0, newest=newest), returning(1, seen=0, newest=newest)
    slow.full = True
    hub.join(slow, [])
    hub.join(quick, [])
    await quick.until(bool)
    await miss(1, toasts=1)
    await quick.until(lambda got: len(got) == 2)

    slow.full = False
    await slow.until(lambda got: len(got) == 2)

    assert [html[:40] for html in slow.got] == [html[:40] for html in quick.got]
    assert RANGE.findall(slow.got[0]) == [("0", "8")]


@pytest.mark.django_db(transaction=True)
async def test_a_thousand_missed_are_one_toast(hub: Hub) -> None:
    newest = await miss(1, toasts=1200)
    reader = returning(1, seen=0, newest=newest)

    hub.join(reader, [])
    await reader.until(bool)

    assert RANGE.findall(reader.got[0]) == [("0", "1200")]
    assert "1200 notifications" in reader.got[0]


@pytest.fixture
def away(alice: User, client: Client) -> tuple[User, Client]:
    """Alice, signed in, who missed eight toasts an hour ago."""
    say(alice.pk, toasts=8)
    for event in Event.objects.filter(stream__name=user_stream(alice.pk)):
        event.at = event.at.replace(year=event.at.year - 1)
        event.save(update_fields=["at"])
    client.force_login(alice)
    return alice, client


def test_poll_of_who_was_away_says_the_same(away: tuple[User, Client]) -> None:
    """R-POLL"""
    alice, client = away
    say(alice.pk, toasts=1)

    answer = client.get("/live/poll/activity/", {"since": "1"}).content.decode()

    assert RANGE.findall(answer) == [("1", "9")]
    assert re.findall(r'<div id="toast-(\d+)"', answer) == ["9"]


def test_poll_that_gets_much_that_is_new_tells_each(alice: User, client: Client) -> None:
    say(alice.pk, toasts=8)
    client.force_login(alice)

    answer = client.get("/live/poll/activity/", {"since": "0"}).content.decode()

    assert re.findall(r'<div id="toast-(\d+)"', answer) == [str(number) for number in range(1, 9)]


def test_activity_says_what_the_digest_said(away: tuple[User, Client]) -> None:
    """R-TOAST: the toast leads to a page with the same words and numbers."""
    alice, client = away
    digest = digest_of(user_stream(alice.pk), 1, 8)
    toast = client.get("/live/away/", {"after": "1", "upto": "8"}).content.decode()
    link = re.search(r'href="([^"]+)"', toast)

    page = client.get(link[1].replace("&amp;", "&")).content.decode()  # type: ignore[index]

    assert digest is not None
    assert (digest.toasts, digest.words) == (7, "7 notifications")
    assert f"While you were away:</strong> {digest.words}" in toast
    assert f"While you were away: {digest.words}. 7 notifications" in page


@pytest.mark.parametrize("query", [{}, {"after": "7", "upto": "8"}, {"after": "x", "upto": "8"}, {"after": "9" * 30}])
def test_nothing_is_summed_up_for_nonsense_or_for_few(away: tuple[User, Client], query: dict[str, str]) -> None:
    _, client = away

    assert client.get("/live/away/", query).content == b""
    assert b'id="away"' not in client.get("/activity/", query).content
