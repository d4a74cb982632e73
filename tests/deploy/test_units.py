"""R-DEPLOY: systemd itself has nothing to say against the units that are shipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.server import ROOT
from tests.services import program

PYTHON = "/srv/livedesk/.venv/bin/python"
UNITS = ["livedesk-web.service", "livedesk-desk.service"]


def verified(folder: Path, unit: str, found: str = "", written: str = "") -> tuple[int, str]:
    """What systemd says of a unit, with a Python that is there, and with something else in place of what was found."""
    text = (ROOT / "deploy" / unit).read_text()
    assert PYTHON in text
    assert found in text
    (folder / unit).write_text(text.replace(PYTHON, sys.executable).replace(found or "\0", written))
    # Nothing is asked about the units of this machine that it names
    words = [program("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", str(folder / unit)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_units_as_they_are(tmp_path: Path, unit: str) -> None:
    assert verified(tmp_path, unit) == (0, "")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    ("found", "written", "said"),
    [
        ("TimeoutStopSec=", "TimeoutStopSeconds=", "Unknown key"),
        ("Restart=on-failure", "Restart=sometimes", "Failed to parse"),
        ("ExecStart=", "ExecStart=/nowhere", "is not executable"),
        ("[Service]", "[Services]", "Unknown section"),
    ],
)
def test_it_names_what_is_wrong(tmp_path: Path, unit: str, found: str, written: str, said: str) -> None:
    """So that a clean verdict says something."""
    status, words = verified(tmp_path, unit, found, written)

    assert status == 1
    assert said in words
