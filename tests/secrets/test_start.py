"""R-SECRET, S9: no desk is served with a key that others know; the embedded one makes its own, once."""

from __future__ import annotations

import base64
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.secrets.keys import DEVELOPMENT_KEY, key_bytes, new_key
from config.environment import made_once
from tests.browser.server import ROOT, environment
from tests.keys import ENCRYPTION_KEY, key_named

SIGNING = base64.b64encode(bytes(range(200, 232))).decode()
RAW = "raw bytes that sign all sessions"  # 32 of them
SERVED = {
    "DATABASE_URL": "postgres://desk:password@127.0.0.1:9/livedesk",
    "REDIS_URL": "redis://127.0.0.1:9",
    "SECRET_KEY": "k3y-" * 20,
    "ALLOWED_HOSTS": "desk.example.com",
    "DISCORD_CLIENT_ID": "123456789012345678",
    "DISCORD_CLIENT_SECRET": "s" * 24,
}


def check(home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", *words],
        cwd=ROOT,
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ENCRYPTION_KEY": ""}, "ENCRYPTION_KEY is missing: set it to 32 random bytes as base64"),
        ({"ENCRYPTION_KEY": DEVELOPMENT_KEY}, "ENCRYPTION_KEY is a development key, or typed by hand"),
        ({"ENCRYPTION_KEY": base64.b64encode(b"\0" * 32).decode()}, "ENCRYPTION_KEY is a development key"),
        ({"ENCRYPTION_KEY": SIGNING, "SECRET_KEY": SIGNING}, "ENCRYPTION_KEY is SECRET_KEY"),
        ({"ENCRYPTION_KEY": SIGNING, "SECRET_KEY_FALLBACKS": SIGNING}, "ENCRYPTION_KEY is SECRET_KEY"),
        ({"ENCRYPTION_KEY": base64.b64encode(RAW.encode()).decode(), "SECRET_KEY": RAW},
         "ENCRYPTION_KEY is SECRET_KEY"),
        ({"ENCRYPTION_KEY": "c4n4ry"}, "ENCRYPTION_KEY is not base64"),
        ({"ENCRYPTION_KEY": "QUJD"}, "ENCRYPTION_KEY holds 3 bytes; it must hold 32"),
        ({"ENCRYPTION_KEY_FALLBACKS": "c4n4ry"}, "ENCRYPTION_KEY_FALLBACKS is not base64"),
        ({"ENCRYPTION_KEY_FALLBACKS": "kms:c4n4ry key"}, "ENCRYPTION_KEY_FALLBACKS is not base64"),
        ({"ENCRYPTION_KMS_KEY_ID": "c4n4ry.key"}, "ENCRYPTION_KMS_KEY_ID must be a key id, an ARN or alias/NAME"),
    ],
)  # fmt: skip
def test_a_start_with_a_wrong_key_is_refused_in_one_line(settings: dict[str, str], words: str, tmp_path: Path) -> None:
    told = check(tmp_path, **{**SERVED, **settings})

    assert (told.returncode, len(told.stderr.splitlines())) == (1, 1)
    assert told.stderr.startswith(f"Livedesk cannot start: {words}")
    assert [value for value in ("c4n4ry", SIGNING, RAW, DEVELOPMENT_KEY) if value in told.stderr] == []


def test_a_developer_may_use_the_development_key_and_a_deploy_is_told(tmp_path: Path) -> None:
    developing = {**SERVED, "ENCRYPTION_KEY": DEVELOPMENT_KEY, "DEBUG": "on"}

    started, deployed = check(tmp_path, **developing), check(tmp_path, "--deploy", **developing)

    assert started.returncode == 0, started.stderr
    assert (deployed.returncode, "(secrets.E001) ENCRYPTION_KEY is a development key" in deployed.stderr) == (1, True)


def test_a_deploy_is_told_of_former_keys_and_a_former_one_may_be_weak(tmp_path: Path) -> None:
    told = check(tmp_path, "--deploy", **{**SERVED, "ENCRYPTION_KEY_FALLBACKS": f"{DEVELOPMENT_KEY},kms:alias/desk"})

    assert "(secrets.W001) ENCRYPTION_KEY_FALLBACKS still holds former keys" in told.stderr


def test_the_embedded_desk_makes_its_key_once_and_for_itself_alone(tmp_path: Path) -> None:
    first = check(tmp_path)
    made = (tmp_path / "encryption_key").read_text()
    check(tmp_path)

    assert first.returncode == 0, first.stderr
    assert len(key_bytes(made)) == 32
    assert (tmp_path / "encryption_key").read_text() == made != (tmp_path / "secret_key").read_text()
    assert stat.S_IMODE((tmp_path / "encryption_key").stat().st_mode) == 0o600


def test_of_many_that_start_together_all_have_the_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starting:
        got = list(starting.map(lambda number: made_once(tmp_path / "key", new_key), range(8)))

    assert len(set(got)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_keys_are_hidden_from_the_log(tmp_path: Path) -> None:
    said = "import logging; logging.getLogger('desk').error('keys %s %s', *__import__('sys').argv[1:])"
    script = f"import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup(); {said}"
    keys = (ENCRYPTION_KEY, key_named("former"))
    settings = {**SERVED, "ENCRYPTION_KEY": keys[0], "ENCRYPTION_KEY_FALLBACKS": keys[1]}

    done = subprocess.run(
        [sys.executable, "-c", script, *keys],
        cwd=ROOT,
        env=environment(tmp_path, **settings),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "keys [hidden] [hidden]" in done.stderr
    assert [key for key in keys if key in done.stderr] == []
