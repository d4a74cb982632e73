"""What the documents point at is there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import get_commands

from .tree import ROOT, files, named

DOCUMENTS = [*files(".md", folders=("docs",)), *sorted(ROOT.glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
PATH = re.compile(r"`((?:\.ci|apps|bench|config|docs|static|templates|tests|tools)/[\w./-]+)`")
TEST_FILE = re.compile(r"\btests/[\w/]+\.py")
SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)`?::?((?:[\s,]*\btest_\w+)+)")
TEST = re.compile(r"(?<![\w/])test_\w+\b(?!\.py)")


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
    """Each in the file that it stands behind, one that stands alone in any that the document names."""
    assert unproven(document.read_text()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("(`tests/desk/test_book.py`: test_only_what_the_quote_reaches_is_found)", []),
        ("`tests/desk/test_book.py::test_only_what_the_quote_reaches_is_found`", []),
        ("`tests/desk/test_book.py`: test_only_what_the_quote_reaches_is_found,\n  test_gone", ["test_gone"]),
        ("`tests/desk/test_book.py::test_gone`", ["test_gone"]),
        ("`tests/desk/test_gone.py`", ["tests/desk/test_gone.py"]),
        ("`tests/desk/test_gone.py::test_gone`", ["tests/desk/test_gone.py", "test_gone"]),
        ("(test_only_what_the_quote_reaches_is_found; `tests/desk/test_book.py`, `tests/desk/test_order.py`)", []),
        (
            "(test_only_what_the_quote_reaches_is_found; `tests/desk/test_order.py`)",
            ["test_only_what_the_quote_reaches_is_found"],
        ),
        (
            "(`tests/desk/test_order.py`: test_only_what_the_quote_reaches_is_found; `tests/desk/test_book.py`)",
            ["test_only_what_the_quote_reaches_is_found"],
        ),
        ("shown by test_gone", ["test_gone"]),
    ],
)
def test_a_proof_that_is_not_there_is_found(text: str, missing: list[str]) -> None:
    assert unproven(text) == missing


def unproven(text: str) -> list[str]:
    """Test files that do not exist, then tests that are not in theirs."""
    paths = dict.fromkeys(TEST_FILE.findall(text))
    there = {path: defined_in(path) for path in paths}
    behind = [(test, there[path]) for path, tests in SHOWN_BY.findall(text) for test in TEST.findall(tests)]
    alone = [(test, set().union(*there.values())) for test in TEST.findall(SHOWN_BY.sub("", text))]
    gone = [path for path in paths if not (ROOT / path).exists()]
    return gone + [test for test, among in behind + alone if test not in among]


def defined_in(path: str) -> set[str]:
    code = (ROOT / path).read_text() if (ROOT / path).exists() else ""
    return set(re.findall(r"^(?:async )?def (test_\w+)\(", code, flags=re.M))


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "Procfile"], ids=named)
def test_named_commands_exist(document: Path) -> None:
    text = document.read_text()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M)

    unknown = set(re.findall(r"manage\.py ([a-z_]+)", text)) - get_commands().keys()
    unmade = set(re.findall(r"`make ([a-z-]+)", text)) - set(targets)

    assert (unknown, unmade) == (set(), set())


def test_each_rule_that_comes_with_the_desk_has_its_row_in_the_runbook() -> None:
    """R-ALERT: who is told of an alert finds there what it means, and what to do."""
    first = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/runbook.md").read_text(), flags=re.M)
    explained = {name for cell in first for name in cell.split(", ")}

    modules = [import_module(f"apps.alerts.migrations.{name}") for name in ("0002_default_rules", "0007_canary_rules")]

    assert {name for module in modules for name, *_ in module.RULES} - explained == set()


def test_the_makefile_stays_small() -> None:
    targets = re.findall(r"^\.PHONY: (.+)", (ROOT / "Makefile").read_text(), flags=re.M)[0].split()

    assert len(targets) <= 12


def test_adrs_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/adr").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))
