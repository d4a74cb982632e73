"""A setting that makes no sense stops the start with one line that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.keys import ENCRYPTION_KEY


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SIM_RATE", "x", "it must be a number above 0"),
        ("LIVE_TICK_MS", "-1", "it must be a whole number of at least 0"),
        ("SIM_SYMBOLS", "²", "it must be a whole number of at least 1"),
        ("PAPER_CASH", "9" * 10, "at most 9 digits"),
        ("LOG_LEVEL", "loud", "it must be one of DEBUG, INFO, WARNING, ERROR"),
        ("DATABASE_URL", "desk.sqlite3", "must begin with postgres:// or sqlite:///"),
        ("REDIS_URL", "localhost", "must begin with redis:// or rediss://"),
    ],
)
def test_senseless_setting_is_named_in_one_line(name: str, value: str, words: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "VAR_DIR": str(tmp_path),
        "SECRET_KEY": "k" * 60,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        name: value,
    }

    told = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert (told.returncode, len(told.stderr.splitlines())) == (1, 1)
    assert told.stderr.startswith(f"Livedesk cannot start: {name} ")
    assert words in told.stderr
