"""R-SECRET: an encrypted column holds no text, belongs to its row, and shows nothing by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction
from django.forms import modelform_factory
from django.forms.models import model_to_dict

from apps.alerts.models import Channel
from apps.secrets.envelope import key_of
from apps.secrets.refusals import NotOpened, Unbound
from apps.secrets.typed import said_of
from tests.keys import key_named

from .conftest import ADDRESS, SIGNING, columns, newest

pytestmark = pytest.mark.django_db


def test_a_row_is_stored_sealed_and_read_as_text(channel: Channel) -> None:
    again = Channel.objects.get()

    assert (again.sealed_address, again.sealed_signing_key) == (ADDRESS, SIGNING)
    assert [stored.startswith(f"1.{newest()}.") for stored in columns(channel)] == [True, True]
    assert "c4n4ry" not in "".join(columns(channel))


def test_what_is_not_set_is_empty_in_the_database() -> None:
    empty = Channel.objects.create(name="Empty", kind="slack")

    assert columns(empty) == ["", ""]
    assert (empty.sealed_address, Channel.objects.get().sealed_address) == ("", "")


def test_a_row_that_is_refused_leaves_none_without_its_secret(channel: Channel) -> None:
    twin = Channel(name=channel.name, kind="slack", sealed_address=ADDRESS)

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()

    assert (Channel.objects.count(), twin.sealed_address) == (1, ADDRESS)


def test_a_text_moved_to_another_row_or_column_does_not_open(channel: Channel) -> None:
    other = Channel.objects.create(name="Other", kind="slack", sealed_address="https://example.com/other")
    address, signing = columns(channel)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alerts_channel SET sealed_address = %s, sealed_signing_key = %s WHERE id = %s",
            [address, address, other.pk],
        )
        cursor.execute("UPDATE alerts_channel SET sealed_address = %s WHERE id = %s", [signing, channel.pk])

    moved, mixed = Channel.objects.get(pk=other.pk), Channel.objects.get(pk=channel.pk)

    for row, name in ((moved, "sealed_address"), (moved, "sealed_signing_key"), (mixed, "sealed_address")):
        with pytest.raises(NotOpened):
            getattr(row, name)
    assert mixed.sealed_signing_key == SIGNING


def test_a_copy_is_sealed_for_its_own_row(channel: Channel) -> None:
    copy = Channel.objects.get()
    copy.pk, copy.name = None, "Copy"
    copy._state.adding = True
    copy.save()

    assert Channel.objects.get(name="Copy").sealed_address == ADDRESS
    assert columns(copy)[0] != columns(channel)[0]


def test_what_was_not_read_is_written_as_it_was(channel: Channel) -> None:
    before = columns(channel)
    again = Channel.objects.get()
    again.least = "info"
    again.save()

    assert columns(channel) == before


def test_a_row_read_before_a_rotation_does_not_undo_it(channel: Channel, settings: Any) -> None:
    stale = Channel.objects.get()
    settings.ENCRYPTION_KEY_FALLBACKS, settings.ENCRYPTION_KEY = [settings.ENCRYPTION_KEY], key_named("next")
    stale.save()

    assert {key_of(stored) for stored in columns(channel)} == {newest()}
    assert Channel.objects.get().sealed_address == ADDRESS


def test_a_row_whose_key_is_lost_keeps_its_text(channel: Channel, settings: Any) -> None:
    before = columns(channel)
    settings.ENCRYPTION_KEY = key_named("next")
    row = Channel.objects.get()
    row.enabled = False
    row.save()

    assert (columns(channel), Channel.objects.get().enabled) == (before, False)


def test_a_column_that_was_left_out_is_fetched(channel: Channel) -> None:
    assert Channel.objects.defer("sealed_address").get().sealed_address == ADDRESS


def test_a_secret_cannot_be_written_without_its_row(channel: Channel) -> None:
    ways = [
        lambda: Channel.objects.update(sealed_address="c4n4ry"),
        lambda: Channel.objects.bulk_create([Channel(name="New", kind="slack", sealed_address="c4n4ry")]),
        lambda: Channel.objects.bulk_update([channel], ["sealed_address"]),
    ]

    for way in ways:
        with pytest.raises(Unbound), transaction.atomic():
            way()

    assert Channel.objects.get().sealed_address == ADDRESS


@pytest.mark.parametrize("lookup", ["", "__contains", "__startswith", "__gt", "__isnull", "__regex"])
def test_a_secret_is_found_by_no_query(channel: Channel, lookup: str) -> None:
    with pytest.raises(FieldError):
        list(Channel.objects.filter(**{f"sealed_address{lookup}": ADDRESS}))


def test_nothing_shows_it_by_itself(channel: Channel) -> None:
    row = Channel.objects.get()
    shown = [
        repr(row), str(row), repr(vars(row)), repr(vars(channel)),
        repr(list(Channel.objects.values())), str(list(Channel.objects.values_list("sealed_address", flat=True))),
        serializers.serialize("json", [row]), repr(model_to_dict(row)),
        str(modelform_factory(Channel, fields=("sealed_address", "sealed_signing_key"))(instance=row)),
    ]  # fmt: skip
    assert row.sealed_address == ADDRESS
    shown.append(repr(vars(row)))  # also once it was opened

    assert [each for each in shown if "c4n4ry" in each] == []


def test_a_secret_is_text() -> None:
    with pytest.raises(TypeError, match="takes text"):
        Channel(name="x", sealed_address=7)


@pytest.mark.parametrize(
    ("text", "said"), [("", "not set"), ("short", "set"), ("https://example.com/1234", "set, ends in …1234")]
)
def test_a_form_says_whether_and_how_it_ends(text: str, said: str) -> None:
    assert said_of(Channel(sealed_address=text), "sealed_address") == said
