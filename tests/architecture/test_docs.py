"""What the documents point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from .tree import ROOT, files, named

DOCUMENTS = [*files(".md", folders=("docs",)), *sorted(ROOT.glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
PATH = re.compile(r"`((?:\.ci|apps|bench|config|docs|static|templates|tests|tools)/[\w./-]+)`")
SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)`:((?:[\s,]+test_\w+)+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    broken = [link for link in LINK.findall(document.read_text()) if not (document.parent / link).exists()]

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_named_files_exist(document: Path) -> None:
    missing = [path for path in PATH.findall(document.read_text()) if not (ROOT / path).exists()]

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_named_tests_exist(document: Path) -> None:
    """Each behind the file that it stands in: `tests/x.py`: test_one, test_other"""
    missing = [
        f"{path}: {test}"
        for path, tests in SHOWN_BY.findall(document.read_text())
        for test in re.findall(r"test_\w+", tests)
        if not re.search(rf"^(async )?def {test}\(", (ROOT / path).read_text(), flags=re.M)
    ]

    assert missing == []


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "Procfile"], ids=named)
def test_named_commands_exist(document: Path) -> None:
    text = document.read_text()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M)

    unknown = set(re.findall(r"manage\.py ([a-z_]+)", text)) - get_commands().keys()
    unmade = set(re.findall(r"`make ([a-z-]+)", text)) - set(targets)

    assert (unknown, unmade) == (set(), set())


def test_the_makefile_stays_small() -> None:
    targets = re.findall(r"^\.PHONY: (.+)", (ROOT / "Makefile").read_text(), flags=re.M)[0].split()

    assert len(targets) <= 12


def test_adrs_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))
