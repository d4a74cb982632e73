"""S16: what looks like a secret is named before it is kept, and never printed."""

from __future__ import annotations

import secrets
from pathlib import Path

from tools.leaks import ROOT, found_in

MADE_UP = "tests/alerts/test_sending.py"


def test_a_secret_is_named_by_its_place_and_kind(tmp_path: Path) -> None:
    token = secrets.token_hex(20)
    (tmp_path / "new.py").write_text(f'KEY = "{token}"\nURL = "postgres://desk:{token}@db/desk"\n')
    (tmp_path / "plain.py").write_text("KEY = read_from_environment()\n")

    found = found_in(["new.py", "plain.py"], tmp_path)

    assert {line.partition(" ")[0] for line in found} == {"new.py:1", "new.py:2"}
    assert token not in "".join(found)


def test_what_is_made_up_is_known_in_its_file_alone(tmp_path: Path) -> None:
    (tmp_path / "copied.py").write_text((ROOT / MADE_UP).read_text())

    assert found_in([MADE_UP]) == []
    assert found_in(["copied.py"], tmp_path)
