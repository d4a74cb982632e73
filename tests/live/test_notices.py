"""R-MAINT and R-BANNER: what everybody is told, when, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.live import notices
from apps.live.fragments import render_fragment
from apps.live.hub import Hub
from apps.live.models import Dismissal, Event, Notice
from apps.live.readers import on_reader
from apps.live.topics import DESK_STREAM, NOTICE, user_stream

from .conftest import Reader

ADMIN = "/admin/live/notice/"
TEXT = "Maintenance at 18:00 UTC <b>for an hour</b>"
SHOWN = "Maintenance at 18:00 UTC &lt;b&gt;for an hour&lt;/b&gt;"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    notices.kept.forget()
    yield
    notices.kept.forget()


def moments(**times: timedelta) -> dict[str, str]:
    """The admin's fields for these times from now."""
    now = timezone.now()
    fields = {}
    for name, delta in times.items():
        fields |= {f"{name}_0": f"{now + delta:%Y-%m-%d}", f"{name}_1": f"{now + delta:%H:%M:%S.%f}"}
    return fields


def publish(**fields: Any) -> Notice:
    with transaction.atomic():
        notice = Notice.objects.create(**{"text": "Soon", **fields})
        notices.tell_all("published", notice)
    return notice


def withdraw(notice: Notice) -> None:
    with transaction.atomic():
        notices.tell_all("withdrawn", notice)
        notice.delete()


def test_admin_publishes_changes_and_withdraws_and_it_is_logged(admin_client: Client) -> None:
    """R-MAINT, R-ADMIN"""
    fields = {"text": TEXT, "level": "warning", **moments(starts_at=timedelta(seconds=-1))}
    admin_client.post(f"{ADMIN}add/", fields)
    notice = Notice.objects.get()
    first = admin_client.get("/live/notice/").content.decode()
    admin_client.post(f"{ADMIN}{notice.pk}/change/", {**fields, "text": "Done soon"})
    second = admin_client.get("/live/notice/").content.decode()
    admin_client.post(ADMIN, {"action": "delete_selected", "_selected_action": [notice.pk], "post": "yes"})
    third = admin_client.get("/live/notice/").content.decode()

    assert (SHOWN in first, "Done soon" in second, "<p" in third) == (True, True, False)
    assert sorted(LogEntry.objects.values_list("action_flag", flat=True)) == [1, 2, 3]
    told = Event.objects.filter(stream__name=DESK_STREAM).order_by("seq").values_list("kind", "topics")
    assert list(told) == [(f"notice.{what}", [NOTICE]) for what in ("published", "changed", "withdrawn")]


@pytest.mark.django_db
def test_notice_must_end_after_it_starts() -> None:
    now = timezone.now()
    with pytest.raises(ValidationError, match="It must end after it starts"):
        Notice(text="x", starts_at=now, ends_at=now).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("starts", "ends", "shown"),
    [(-2, None, True), (-2, 60, True), (60, None, False), (60, 120, False), (-120, -60, False)],
)
def test_notice_is_shown_in_its_time_only(starts: int, ends: int | None, shown: bool) -> None:
    now = timezone.now()
    until = None if ends is None else now + timedelta(seconds=ends)
    publish(starts_at=now + timedelta(seconds=starts), ends_at=until)

    assert ("Soon" in render_fragment(NOTICE)) == shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/settings/", "/activity/", "/portfolio/ledger/", "/nowhere/"]
)
@pytest.mark.parametrize("signed_in", [False, True])
def test_every_page_shows_it(alice: User, client: Client, path: str, signed_in: bool) -> None:
    """R-MAINT, R-NOJS: signed-out pages and pages without a line too."""
    publish(text=TEXT)
    if signed_in:
        client.force_login(alice)

    page = client.get(path, follow=True).content.decode()

    assert page.count(SHOWN) == 1
    assert page.count('id="notice-all"') == 1


@pytest.mark.django_db(transaction=True)
async def test_published_and_withdrawn_notice_reaches_open_pages(hub: Hub) -> None:
    """R-MAINT"""
    readers = [Reader(1), Reader(2)]
    for reader in readers:
        hub.join(reader, [NOTICE], has=[NOTICE])

    notice = await on_reader(publish)
    await asyncio.gather(*(reader.until(lambda got: "Soon" in "".join(got[-1:])) for reader in readers))
    await on_reader(withdraw, notice)

    await asyncio.gather(*(reader.until(lambda got: "Soon" not in got[-1]) for reader in readers))


@pytest.mark.django_db(transaction=True)
async def test_notice_comes_and_goes_at_its_time_without_anybody_touching_it(hub: Hub, monkeypatch: Any) -> None:
    """R-MAINT: by the sweep, and drawn later than whatever page showed it before."""
    monkeypatch.setattr("apps.live.notices.present_hub", lambda: hub)
    hub.tail.sweeps = [notices.Turning()]
    now = await on_reader(timezone.now)
    soon, then = now + timedelta(seconds=0.8), now + timedelta(seconds=2.2)
    await on_reader(lambda: publish(starts_at=soon, ends_at=then))
    reader = Reader(1)
    hub.join(reader, [NOTICE])
    await reader.until(bool)
    before = reader.got[-1]

    await reader.until(lambda got: "Soon" in got[-1])
    came = reader.got[-1]
    await reader.until(lambda got: "Soon" not in got[-1])

    stamps = [int(html.partition('data-ts="')[2].partition('"')[0]) for html in (before, came, reader.got[-1])]
    assert "Soon" not in before
    assert stamps == sorted(set(stamps))
    assert timezone.now() >= then


# The news of a release


@pytest.fixture
def released(settings: Any) -> Callable[[str], None]:
    def release(name: str) -> None:
        settings.RELEASE = name

    release("0.2.0")
    return release


def test_news_are_shown_until_they_are_dismissed(alice: User, client: Client, released: Callable[[str], None]) -> None:
    """R-BANNER, R-NOJS: remembered with the user, whatever the browser."""
    client.force_login(alice)
    first = client.get("/activity/").content.decode()

    answer = client.post("/live/dismiss/", {"release": "0.2.0"}, headers={"referer": "http://testserver/activity/"})

    other = Client()
    other.force_login(alice)
    later = other.get("/activity/").content.decode()
    assert ("New in 0.2.0" in first, "New in 0.2.0" in later) == (True, False)
    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/activity/")
    told = Event.objects.get(stream__name=user_stream(alice.pk))
    assert (told.kind, told.topics) == ("release.dismissed", [f"release/{alice.pk}"])


def test_dismissing_is_answered_with_the_empty_banner(alice: User, client: Client, released: Any) -> None:
    client.force_login(alice)

    answer = client.post("/live/dismiss/", {"release": "0.2.0"}, headers={"hx-request": "true"})

    assert f'id="release-{alice.pk}"' in answer.content.decode()
    assert "New in" not in answer.content.decode()


def test_each_release_has_its_own_banner(alice: User, client: Client, released: Any) -> None:
    """Who put an earlier one away sees the next; a release without news has none."""
    Dismissal.objects.create(user_id=alice.pk, release="0.1.0")
    client.force_login(alice)
    now = client.get("/activity/").content.decode()
    released("0.1.7")
    without = client.get("/activity/").content.decode()

    assert ("New in 0.2.0" in now, "New in" in without) == (True, False)


@pytest.mark.parametrize("release", ["", "0.1.0", "../../base", "x" * 5000])
def test_an_old_page_dismisses_nothing(alice: User, client: Client, released: Any, release: str) -> None:
    client.force_login(alice)

    answer = client.post("/live/dismiss/", {"release": release}, headers={"referer": "https://evil.example/"})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert Dismissal.objects.count() == 0


def test_a_stranger_dismisses_nothing(client: Client, db: None) -> None:
    assert client.post("/live/dismiss/", {"release": "0.2.0"}).status_code == 302
    assert Dismissal.objects.count() == 0
