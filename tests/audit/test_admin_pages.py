"""S11: every page of the admin is read-only, or what is written there is on record with what was before and after."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts.models import Channel
from apps.audit.changes import construct_change_message, log_deletions
from apps.audit.models import Entry
from apps.live.models import Notice, Switch
from apps.market.models import Instrument
from apps.watchlist.models import Watchlist
from tests.alerts.conftest import Receiver
from tests.alerts.conftest import receiver as receiver

from .actions import CASES, channel, trader

pytestmark = pytest.mark.django_db
LOGGING = ("log_addition", "log_change", "log_deletion", "log_deletions", "construct_change_message")
CHANGE = re.compile(r"\w+: \S.* → \S")
PAGES = {page.__class__.__name__: page for page in admin.site._registry.values()}


def permitted(page: Any, request: Any) -> list[str]:
    return [name for name in ("add", "change", "delete") if getattr(page, f"has_{name}_permission")(request)]


def actions_of(page: Any, request: Any) -> set[str]:
    return set(page.get_actions(request)) - {"delete_selected"}


@pytest.fixture
def asking(root: User) -> Any:
    request = RequestFactory().get("/admin/")
    request.user = root
    return request


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_read_only_or_its_writes_are_worded_by_the_audit(asking: Any, name: str) -> None:
    page = PAGES[name]
    actions, may = actions_of(page, asking), permitted(page, asking)

    if not may:
        assert actions == set()  # nothing to do on a page that may only be read
    own = [each for each in LOGGING if may and getattr(type(page), each) is not getattr(ModelAdmin, each)]
    assert own == []
    assert {(name, action) for action in actions} <= CASES.keys()


def test_the_admin_words_every_change_by_the_audit() -> None:
    assert ModelAdmin.construct_change_message is construct_change_message
    assert ModelAdmin.log_deletions is log_deletions
    assert {name for name, _ in CASES} <= PAGES.keys()


@pytest.mark.parametrize(("name", "action"), sorted(CASES))
def test_an_action_is_on_record_with_before_and_after(office: Client, settings: Any, name: str, action: str) -> None:
    make, sent, words = CASES[name, action]
    row, meta = make(), PAGES[name].model._meta
    before = Entry.objects.count()

    office.post(
        f"/admin/{meta.app_label}/{meta.model_name}/",
        {"action": action, "_selected_action": [row.pk], **sent},
    )

    told = [each for each in Entry.objects.order_by("seq")[before:] if each.kind.startswith("admin.")]
    assert [(each.actor, each.facts["id"]) for each in told] == [("root", str(row.pk))]
    assert words in told[0].facts["change"]
    assert CHANGE.search(told[0].facts["change"])


# Forms and deletions, whatever the page


def told(kind: str) -> str:
    return str(Entry.objects.filter(kind=f"admin.{kind}").latest("seq").facts["change"])


def test_a_switch_is_on_record_from_its_first_row_to_its_last(office: Client) -> None:
    path, fields = "/admin/live/switch/", {"name": "live-ws", "share": "100"}
    office.post(f"{path}add/", {**fields, "on": "on"})
    row = Switch.objects.get()
    office.post(f"{path}{row.pk}/change/", {**fields, "share": "20"})
    changed = told("changed")
    office.post(f"{path}{row.pk}/delete/", {"post": "yes"})

    assert told("added").startswith("Name: empty → Live updates by WebSocket")
    assert re.fullmatch(r"[^;]+: yes → no; [^;]+: 100 → 20", changed)
    assert "20 → gone" in told("deleted")


def test_notices_deleted_together_are_kept_each_with_its_words(office: Client) -> None:
    rows = [Notice.objects.create(text=f"Words {one}", level="info", starts_at=timezone.now()) for one in "ab"]

    office.post(
        "/admin/live/notice/",
        {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"},
    )

    changes = Entry.objects.filter(kind="admin.deleted").values_list("facts__change", flat=True)
    assert sorted(re.findall(r"Text: (Words \w) → gone", " ".join(changes))) == ["Words a", "Words b"]


def test_rights_are_on_record_by_their_names(office: Client) -> None:
    group = Group.objects.create(name="Support")
    inline = {"socialaccount_set-TOTAL_FORMS": "0", "socialaccount_set-INITIAL_FORMS": "0"}
    fields = {"time_zone": "UTC", "is_staff": "on", "groups": [group.pk], **inline}

    office.post(f"/admin/accounts/user/{trader().pk}/change/", fields)

    assert told("changed") == "Staff status: no → yes; Groups: empty → Support"


def test_lines_inside_a_page_are_on_record_too(office: Client) -> None:
    watchlist = Watchlist.objects.create(user=trader(), name="Own")
    apple = Instrument.objects.create(symbol="AAPL", name="Apple")
    line = watchlist.symbols.create(instrument=apple)
    formset = {"symbols-TOTAL_FORMS": "1", "symbols-INITIAL_FORMS": "1", "symbols-0-id": line.pk}
    fields = {"user": watchlist.user_id, "name": "Own", "rank": watchlist.rank, "symbols-0-watchlist": watchlist.pk}

    office.post(
        f"/admin/watchlist/watchlist/{watchlist.pk}/change/",
        {**fields, **formset, "symbols-0-instrument": apple.pk, "symbols-0-rank": "0", "symbols-0-DELETE": "on"},
    )

    assert not watchlist.symbols.exists()
    assert told("changed").startswith("watched symbol, Instrument: AAPL → gone")


def test_a_save_that_changes_nothing_says_so(office: Client) -> None:
    apple = Instrument.objects.create(symbol="AAPL", name="Apple", tradable=True)

    office.post(f"/admin/market/instrument/{apple.pk}/change/", {"name": "Apple", "tradable": "on"})

    assert told("changed") == "Nothing changed"


def test_secrets_are_not_in_the_log(office: Client, receiver: Receiver) -> None:
    row = channel("https://hooks.slack.com/services/T0/B0/a-canary", "slack")
    fields = {"name": "Own", "kind": "slack", "least": "info", "enabled": "on"}

    office.post(
        f"/admin/alerts/channel/{row.pk}/change/",
        {
            **fields,
            "sealed_address": f"{receiver.url}/another-canary",
            "sealed_signing_key": "a third canary of a key",
        },
    )
    changed = told("changed")
    office.post(f"/admin/alerts/channel/{row.pk}/delete/", {"post": "yes"})

    assert "Address: ••• → •••; Signing key: ••• → •••" in changed
    assert "Address: ••• → gone" in told("deleted")
    assert not Channel.objects.exists()
    assert "canary" not in str(list(Entry.objects.values_list("facts", flat=True)))
