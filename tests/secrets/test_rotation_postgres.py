"""R-SECRET: on PostgreSQL, where rows are locked one by one, rotations take turns and move each text once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.server import ROOT, environment, manage
from tests.keys import key_named
from tests.services import postgres

OLD, NEW = key_named("old"), key_named("new")
ROWS = 60
MAKE = f"""
from apps.alerts.models import Channel
for number in range({ROWS}):
    Channel.objects.create(name=str(number), kind="webhook", sealed_address="https://a", sealed_signing_key="key")
"""


def rotation(home: Path, *words: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_secrets", *words],
        cwd=ROOT,
        env=environment(home, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.postgres
def test_two_at_once_after_one_that_was_killed_move_everything_once(tmp_path: Path) -> None:
    with postgres() as url:
        known = {"DATABASE_URL": url, "SECRET_KEY": "k" * 60, "DEMO_SIGN_IN": "on", "HTTPS": "off"}
        manage(tmp_path, "migrate", "--verbosity", "0", **known)
        manage(tmp_path, "shell", "--no-imports", "-c", MAKE, **known, ENCRYPTION_KEY=OLD)
        keys = {**known, "ENCRYPTION_KEY": NEW, "ENCRYPTION_KEY_FALLBACKS": OLD}

        killed = rotation(tmp_path, "--batch", "1", "--verbosity", "2", **keys)
        assert killed.stdout
        before = len([killed.stdout.readline() for _ in range(10)])
        killed.kill()
        before += len(re.findall(" 1 moved up to", killed.communicate()[0]))
        both = [rotation(tmp_path, "--batch", "2", **keys) for _ in range(2)]
        said = [each.communicate(timeout=120)[0] for each in both]
        alone = manage(tmp_path, "rotate_secrets", "--verify", **{**keys, "ENCRYPTION_KEY_FALLBACKS": ""})

    moved = sum(int(count) for each in said for count in re.findall(r"(\d+) moved", each))
    assert [each.returncode for each in both] == [0, 0], said
    # One more may have been committed than was said when it was killed
    assert 2 * ROWS - before - moved in (0, 1)
    assert f": {2 * ROWS}\n" in alone
