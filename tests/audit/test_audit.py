"""Who did what is on record, and the record shows when it was touched."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.audit.chain import Verdict, verify
from apps.audit.models import Entry, Head
from apps.audit.services import record
from apps.live.models import Notice


@pytest.fixture
def log(db: None) -> list[Entry]:
    return [record("tried", f"user {number}", {"what": "nothing – much"}) for number in range(5)]


def test_a_log_that_nobody_touched_is_whole(log: list[Entry]) -> None:
    printed = StringIO()
    call_command("verify_audit", stdout=printed)

    assert verify() == Verdict(5)
    assert printed.getvalue() == "The audit log is whole: 5 entries\n"


def test_an_empty_log_is_whole(db: None) -> None:
    assert verify() == Verdict(0)


TOUCHES: dict[str, tuple[Callable[[], Any], int, str]] = {
    "actor": (lambda: Entry.objects.filter(seq=3).update(actor="mallory"), 3, "entry 3 is not what was written"),
    "facts": (lambda: Entry.objects.filter(seq=1).update(facts={}), 1, "entry 1 is not what was written"),
    "time": (lambda: Entry.objects.filter(seq=2).update(at=timezone.now()), 2, "entry 2 is not what was written"),
    "taken out": (lambda: Entry.objects.filter(seq=3).delete(), 3, "entry 3 is missing"),
    "cut off": (lambda: Entry.objects.filter(seq__gt=3).delete(), 4, "the log ends at 3; 5 entries were written"),
    "all gone": (lambda: Entry.objects.all().delete(), 1, "the log ends at 0; 5 entries were written"),
    "head gone": (lambda: Head.objects.all().delete(), 1, "the log goes on to 5; 0 entries were written"),
    "head set back": (lambda: set_back(3), 4, "the log goes on to 5; 3 entries were written"),
    "head of another": (
        lambda: Head.objects.update(digest="0" * 64),
        5,
        "the end of the log is not what was written last",
    ),
}


def set_back(seq: int) -> None:
    """As if what came later had never been written."""
    Head.objects.update(seq=seq, digest=Entry.objects.get(seq=seq).digest)


@pytest.mark.parametrize("touch", TOUCHES)
def test_whatever_is_touched_shows(log: list[Entry], touch: str) -> None:
    change, at, why = TOUCHES[touch]

    change()

    assert (verify().broken_at, verify().why) == (at, why)
    with pytest.raises(CommandError, match=f"broken at {at}"):
        call_command("verify_audit")


def test_one_that_was_made_up_with_its_digests_does_not_fit_the_next(log: list[Entry]) -> None:
    forged = Entry.objects.get(seq=4)
    forged.actor, forged.digest = "mallory", "0" * 64
    forged.save()

    assert verify().broken_at == 4


def test_what_is_undone_was_never_done(db: None) -> None:
    with transaction.atomic():
        record("tried", "alice", {})
        transaction.set_rollback(True)

    assert (Entry.objects.count(), Head.objects.count(), verify()) == (0, 0, Verdict(0))


def test_signing_in_and_out_is_on_record(client: Client, db: None) -> None:
    client.post("/accounts/demo/", {"trader": "alice"})
    client.post("/accounts/logout/")

    kinds = list(Entry.objects.order_by("seq").values_list("kind", "actor"))
    assert kinds == [("signed_in", "alice"), ("signed_out", "alice")]
    assert verify() == Verdict(2)


def test_a_failed_sign_in_names_who_was_named_and_nothing_else(db: None, client: Client) -> None:
    assert client.login(username="alice", password="a canary of a password") is False

    entry = Entry.objects.get()
    assert (entry.kind, entry.actor) == ("sign_in_failed", "alice")
    assert "canary" not in str(entry.facts)


def test_every_write_in_the_admin_is_on_record(admin_client: Client) -> None:
    fields = {"text": "Maintenance", "level": "info", "starts_at_0": "2030-01-01", "starts_at_1": "12:00:00"}
    for _ in range(2):
        admin_client.post("/admin/live/notice/add/", fields)
    first, second = Notice.objects.order_by("pk")
    admin_client.post(f"/admin/live/notice/{first.pk}/change/", {**fields, "text": "Other words"})
    chosen = {"action": "delete_selected", "_selected_action": [first.pk, second.pk], "post": "yes"}
    admin_client.post("/admin/live/notice/", chosen)

    admin = Entry.objects.filter(kind__startswith="admin.").order_by("seq")
    assert [(each.kind, each.actor, each.facts["named"]) for each in admin] == [
        ("admin.added", "admin", "Maintenance"),
        ("admin.added", "admin", "Maintenance"),
        ("admin.changed", "admin", "Other words"),
        ("admin.deleted", "admin", "Other words"),
        ("admin.deleted", "admin", "Maintenance"),
    ]
    assert "Text" in admin[2].facts["change"]
    assert verify().why == ""


def test_the_log_can_only_be_read(log: list[Entry], admin_client: Client) -> None:
    path = f"/admin/audit/entry/{log[0].pk}"

    assert admin_client.get("/admin/audit/entry/").status_code == 200
    assert admin_client.post(f"{path}/change/", {"actor": "mallory"}).status_code == 403
    assert admin_client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/audit/entry/add/").status_code == 403
