"""Small files, nothing left for later, nothing of one machine."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

import pytest

from .tree import ROOT, TEXTS, files, named, top_level

LATER = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]))
CODE = files(".py", ".html", ".css", ".js", ".c", ".h", "")
VAGUE = {"utils.py", "helpers.py", "manager.py", "handler.py", "handlers.py", "common.py", "misc.py"}


def own_texts() -> list[Path]:
    return [path for path in files(*TEXTS) + top_level() if not path.name.startswith("requirements")]


def length(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_is_over_300_lines() -> None:
    long = {named(path): length(path) for path in CODE if length(path) > 300}

    assert long == {}


@pytest.mark.parametrize("folder, median", [("apps", 100), ("config", 100), ("templates", 100), ("tests", 120)])
def test_files_are_short_on_the_whole(folder: str, median: int) -> None:
    lengths = [length(path) for path in files(".py", ".html", folders=(folder,)) if length(path)]

    assert statistics.median(lengths) < median


def test_files_are_named_for_what_they_hold() -> None:
    assert [named(path) for path in files(".py") if path.name in VAGUE] == []


def test_nothing_is_left_for_later() -> None:
    offences = [
        f"{named(path)}:{number} {line.strip()[:80]}"
        for path in own_texts()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if LATER.search(line)
    ]

    assert offences == []


def test_no_path_of_one_machine() -> None:
    here = [f"{ROOT.parent}/", f"{Path.home()}/"]

    offences = [named(path) for path in own_texts() if any(place in path.read_text() for place in here)]

    assert offences == []


def test_modules_have_the_future_import() -> None:
    line = "from __future__ import annotations"

    offences = [named(path) for path in files(".py") if path.read_text().strip() and line not in path.read_text()]

    assert offences == []
