"""R-SECRET: on PostgreSQL, where rows are locked one by one, rotations take turns and move each text once."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.server import ROOT, environment, manage
from tests.keys import key_named
from tests.services import postgres

OLD, NEW = key_named("old"), key_named("new")
ROWS = 60
MAKE = f"""
from apps.alerts.models import Channel
Channel.objects.all().delete()
for number in range({ROWS}):
    Channel.objects.create(name=str(number), kind="webhook", sealed_address="https://a", sealed_signing_key="key")
"""


WRITE = """
from django.db import transaction
from apps.alerts.models import Channel
with transaction.atomic():
    row = Channel.objects.select_for_update().get(name="1")
    row.sealed_address = "https://changed"
    row.save()
    print("holds", flush=True)
    input()
"""
SHOW = "from apps.alerts.models import Channel; print('shows', Channel.objects.get(name='1').sealed_address)"


@pytest.fixture(scope="module")
def known(migrated_postgres: Path) -> Iterator[dict[str, str]]:
    """The settings of a migrated desk without channels."""
    with postgres(migrated_postgres) as url:
        yield {"DATABASE_URL": url, "SECRET_KEY": "k" * 60, "DEMO_SIGN_IN": "on", "HTTPS": "off"}


@pytest.fixture
def keys(tmp_path: Path, known: dict[str, str]) -> dict[str, str]:
    """Settings with the new key and the old one, which the channels are still under."""
    manage(tmp_path, "shell", "--no-imports", "-c", MAKE, **known, ENCRYPTION_KEY=OLD)
    return {**known, "ENCRYPTION_KEY": NEW, "ENCRYPTION_KEY_FALLBACKS": OLD}


def program(home: Path, *words: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment(home, **settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.postgres
def test_two_at_once_after_one_that_was_killed_move_everything_once(tmp_path: Path, keys: dict[str, str]) -> None:
    killed = program(tmp_path, "rotate_secrets", "--batch", "1", "--verbosity", "2", **keys)
    assert killed.stdout
    before = len([killed.stdout.readline() for _ in range(10)])
    killed.kill()
    before += len(re.findall(" 1 moved up to", killed.communicate()[0]))
    both = [program(tmp_path, "rotate_secrets", "--batch", "2", **keys) for _ in range(2)]
    said = [each.communicate(timeout=120)[0] for each in both]
    alone = manage(tmp_path, "rotate_secrets", "--verify", **{**keys, "ENCRYPTION_KEY_FALLBACKS": ""})

    moved = sum(int(count) for each in said for count in re.findall(r"(\d+) moved", each))
    assert [each.returncode for each in both] == [0, 0], said
    # One more may have been committed than was said when it was killed
    assert 2 * ROWS - before - moved in (0, 1)
    assert f": {2 * ROWS}\n" in alone


@pytest.mark.postgres
def test_what_is_written_meanwhile_is_waited_for_and_kept(tmp_path: Path, keys: dict[str, str]) -> None:
    writer = program(tmp_path, "shell", "--no-imports", "-c", WRITE, **{**keys, "ENCRYPTION_KEY": NEW})
    assert writer.stdout
    held = writer.stdout.readline()
    moving = program(tmp_path, "rotate_secrets", **keys)
    with pytest.raises(subprocess.TimeoutExpired):
        moving.wait(timeout=5)
    wrote = writer.communicate("\n", timeout=60)[0]
    said = moving.communicate(timeout=60)[0]

    assert (held, writer.returncode, moving.returncode) == ("holds\n", 0, 0), wrote + said
    assert "shows https://changed\n" in manage(tmp_path, "shell", "--no-imports", "-c", SHOW, **keys)
