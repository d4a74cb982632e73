"""S11: a write in the admin and its entry are one transaction: where the log takes none, nothing is done."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.audit.chain import HEAD
from apps.audit.models import Entry, Head
from apps.live.models import Notice
from apps.live.roster import Line
from apps.market.models import Instrument
from apps.monitoring import services as monitoring
from apps.watchlist.models import Watchlist

from .actions import CASES, session, suspended, trader

pytestmark = pytest.mark.django_db
PAGES = {page.__class__.__name__: page for page in admin.site._registry.values()}
WRITES = sorted(set(CASES) - {("ChannelAdmin", "send_a_test")})  # what was sent cannot be taken back
NOTICE = {"text": "Maintenance", "level": "info", "starts_at_0": "2030-01-01", "starts_at_1": "12:00:00"}


def full_log() -> None:
    """The next number is taken: the database refuses the next entry."""
    head, _ = Head.objects.get_or_create(pk=HEAD)
    Entry.objects.create(seq=head.seq + 1, at=timezone.now(), kind="tried", digest="0")


def rows_of(model: Any) -> list[Any]:
    return list(model._base_manager.order_by("pk").values())


def refused(office: Client, path: str, fields: dict[str, Any]) -> None:
    full_log()
    with pytest.raises(IntegrityError):
        office.post(path, fields)


@pytest.mark.parametrize(("name", "action"), WRITES)
def test_an_action_is_undone(office: Client, name: str, action: str) -> None:
    make, sent, _ = CASES[name, action]
    row, model = make(), PAGES[name].model
    before = rows_of(model)

    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    refused(office, path, {"action": action, "_selected_action": [row.pk], **sent})

    assert rows_of(model) == before


@pytest.mark.parametrize("what", ["add", "change", "delete"])
def test_a_form_is_undone(office: Client, what: str) -> None:
    notice = Notice.objects.create(text="Words", level="info", starts_at=timezone.now())
    before = rows_of(Notice)
    path = "add/" if what == "add" else f"{notice.pk}/{what}/"

    refused(office, f"/admin/live/notice/{path}", {"post": "yes"} if what == "delete" else NOTICE)

    assert rows_of(Notice) == before


def test_rows_deleted_together_all_stay(office: Client) -> None:
    rows = [Notice.objects.create(text=one, level="info", starts_at=timezone.now()) for one in "ab"]

    chosen = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    refused(office, "/admin/live/notice/", chosen)

    assert Notice.objects.count() == 2


def test_a_line_inside_a_page_stays(office: Client) -> None:
    watchlist = Watchlist.objects.create(user=trader(), name="Own")
    apple = Instrument.objects.create(symbol="AAPL", name="Apple")
    line = watchlist.symbols.create(instrument=apple)
    formset = {"symbols-TOTAL_FORMS": "1", "symbols-INITIAL_FORMS": "1", "symbols-0-id": line.pk}
    fields = {"user": watchlist.user_id, "name": "Other", "rank": watchlist.rank, "symbols-0-watchlist": watchlist.pk}

    refused(
        office,
        f"/admin/watchlist/watchlist/{watchlist.pk}/change/",
        {**fields, **formset, "symbols-0-instrument": apple.pk, "symbols-0-rank": "0", "symbols-0-DELETE": "on"},
    )

    watchlist.refresh_from_db()
    assert (watchlist.name, watchlist.symbols.count()) == ("Own", 1)


@pytest.mark.parametrize("make", [trader, suspended])
def test_suspending_from_the_users_page_is_undone(office: Client, make: Any) -> None:
    user = make()
    signed_in = session()
    before = rows_of(User)

    refused(office, f"/admin/accounts/user/{user.pk}/access/", {"reason": "A test"})

    assert rows_of(User) == before
    assert UserSession.objects.filter(pk=signed_in.pk).exists()


def test_a_session_that_its_user_ends_goes_on(root: User) -> None:
    signed_in = session()
    full_log()

    with pytest.raises(IntegrityError):
        accounts.end_session(signed_in.user, signed_in.pk)

    assert UserSession.objects.filter(pk=signed_in.pk).exists()


def test_sockets_stay_open(root: User, django_capture_on_commit_callbacks: Any) -> None:
    line = Line("1796000000000:1", trader().pk, "home", "127.0.0.1", None)
    full_log()

    with django_capture_on_commit_callbacks() as told:
        for close in (
            lambda: monitoring.close_sockets([line], root),
            lambda: monitoring.close_sockets_of(trader(), 1, root),
        ):
            with pytest.raises(IntegrityError):
                close()

    assert told == []
