"""R-SECRET: a rotation moves everything, goes on where it was killed, and says what does not open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.accounts import sealing
from apps.accounts.models import User
from apps.alerts.models import Channel
from apps.secrets.envelope import key_of
from apps.secrets.models import Rotation
from apps.secrets.services import rotate
from tests.browser.server import ROOT
from tests.keys import key_named

from .conftest import ADDRESS, SIGNING, columns, made, newest

pytestmark = pytest.mark.django_db
OLD, NEW = key_named("old"), key_named("new")


@pytest.fixture
def rows(db: None, settings: Any) -> list[Channel]:
    """Five channels under the old key; the new one holds from now on."""
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = OLD, []
    found = [made(f"Channel {number}") for number in range(5)]
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = NEW, [OLD]
    return found


def run(*words: str) -> list[str]:
    printed = StringIO()
    call_command("rotate_secrets", *words, stdout=printed)
    return printed.getvalue().splitlines()


def keys_of(rows: list[Channel]) -> set[str]:
    return {key_of(stored) for row in rows for stored in columns(row)}


def test_everything_is_under_the_newest_key_and_the_former_one_can_go(rows: list[Channel], settings: Any) -> None:
    printed = run("--batch", "2")

    settings.ENCRYPTION_KEY_FALLBACKS = []
    assert printed == [
        "alerts.channel.sealed_address: 5 sealed, 5 moved, 0 under other keys, 0 do not open",
        "alerts.channel.sealed_signing_key: 5 sealed, 5 moved, 0 under other keys, 0 do not open",
        "mfa.authenticator.data: 0 sealed, 0 moved, 0 under other keys, 0 do not open",
        "traderalerts.alertsettings.webhook: 0 sealed, 0 moved, 0 under other keys, 0 do not open",
        f"Every secret opens, and is under {newest()}: 10",
    ]
    assert keys_of(rows) == {newest()}
    assert {(row.sealed_address, row.sealed_signing_key) for row in Channel.objects.all()} == {(ADDRESS, SIGNING)}


def test_a_second_rotation_moves_nothing(rows: list[Channel]) -> None:
    run()
    before = [columns(row) for row in rows]

    assert "5 sealed, 0 moved" in run()[0]
    assert [columns(row) for row in rows] == before


def test_looking_changes_nothing_and_says_what_is_left(rows: list[Channel]) -> None:
    before = [columns(row) for row in rows]

    with pytest.raises(CommandError, match=r"sealed_address 5, alerts\.channel\.sealed_signing_key 5") as told:
        run("--verify")

    assert told.value.returncode == 1
    assert [columns(row) for row in rows] == before
    assert not Rotation.objects.exists()


def test_one_that_stopped_goes_on_behind_its_last_batch(rows: list[Channel]) -> None:
    rotation = rotate(batch=2)
    next(rotation)
    rotation.close()
    moved = [columns(row)[0] for row in rows[:2]]

    assert Rotation.objects.get().after == str(rows[1].pk)
    assert [step.moved for step in rotate(batch=2)][:2] == [2, 1]
    assert [columns(row)[0] for row in rows[:2]] == moved
    assert keys_of(rows) == {newest()}


def test_another_key_begins_anew(rows: list[Channel], settings: Any) -> None:
    rotation = rotate(batch=2)
    next(rotation)
    rotation.close()
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = key_named("newer"), [NEW, OLD]

    run()

    assert keys_of(rows) == {newest()}


def test_what_does_not_open_is_named_by_its_row_and_left(rows: list[Channel], settings: Any) -> None:
    broken = columns(rows[0])[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE alerts_channel SET sealed_address = %s WHERE id = %s", [broken, rows[3].pk])

    with pytest.raises(CommandError) as told:
        run()

    words = str(told.value)
    assert f"alerts.channel.sealed_address {rows[3].pk}: the data key does not open here" in words
    assert (told.value.returncode, words.count("alerts.channel")) == (1, 1)
    assert [word for word in ("c4n4ry", broken, OLD, NEW) if word in words] == []
    assert columns(rows[3])[0] == broken
    assert len(keys_of(rows)) == 2


def test_a_lost_key_is_told_of_every_row(rows: list[Channel], settings: Any) -> None:
    settings.ENCRYPTION_KEY_FALLBACKS = []

    with pytest.raises(CommandError) as told:
        run("--verify")

    assert str(told.value).count("is no key of this desk") == 10


def test_second_factors_move_too_those_of_the_signing_key_first(alice: User, settings: Any) -> None:
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = NEW, []
    settings.SECRET_KEY = "signing" * 10
    as_before = Fernet(sealing.fernet_key(settings.SECRET_KEY)).encrypt(b"c4n4ry").decode()
    totp = Authenticator.objects.create(user=alice, type="totp", data={"secret": as_before})
    data = {"migrated_codes": [as_before, sealing.seal("other")], "used_mask": 3}
    codes = Authenticator.objects.create(user=alice, type="recovery_codes", data=data)

    printed = run()
    settings.SECRET_KEY = "another" * 10

    for each in (totp, codes):
        each.refresh_from_db()
    assert printed[2] == "mfa.authenticator.data: 3 sealed, 2 moved, 0 under other keys, 0 do not open"
    assert sealing.unseal(totp.data["secret"]) == "c4n4ry"
    assert [sealing.unseal(code) for code in codes.data["migrated_codes"]] == ["c4n4ry", "other"]
    assert codes.data["used_mask"] == 3


def program(database: BaseDatabaseWrapper, *words: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{database.settings_dict['NAME']}",
        "SECRET_KEY": "a key for a test, of fifty characters and some more",
        "ENCRYPTION_KEY": NEW,
        "ENCRYPTION_KEY_FALLBACKS": OLD,
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_secrets", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db(transaction=True)
def test_one_that_is_killed_is_ended_by_the_next_beside_one_that_writes(rows: list[Channel], settings: Any) -> None:
    rows += [made(f"More {number}") for number in range(60)]
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = OLD, []
    rows += [made(f"Old {number}") for number in range(60)]
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = NEW, [OLD]
    connections.close_all()

    first = program(connection, "--batch", "1", "--verbosity", "2")
    assert first.stdout
    for _ in range(20):
        first.stdout.readline()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    reached = int(Rotation.objects.get().after)
    ahead = [row for row in rows if row.pk <= reached]
    at_kill = [columns(row)[0] for row in ahead]
    second = program(connection, "--batch", "7")
    for row in rows[-10:]:
        row.least = "info"
        row.save()
    printed, errors = second.communicate(timeout=60)

    assert len(ahead) >= 20
    assert first.returncode == -signal.SIGKILL
    assert (second.returncode, errors) == (0, "")
    assert f"Every secret opens, and is under {newest()}: 250" in printed
    assert [columns(row)[0] for row in ahead] == at_kill
    assert keys_of(rows) == {newest()}
    assert {(row.sealed_address, row.least) for row in Channel.objects.filter(pk__in=[r.pk for r in rows[-10:]])} == {
        (ADDRESS, "info")
    }
