"""The import law: apps import downward, the desk is plain Python."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from .tree import ROOT, files, named


def test_imports_run_downward() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([lint_imports, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_the_desk_reads_no_clock_and_no_float() -> None:
    offences = [
        f"{named(path)}:{node.lineno} {node.attr if isinstance(node, ast.Attribute) else 'float'}"
        for path in files(".py", folders=("apps/desk",))
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today", "monotonic"})
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]

    assert offences == []


def test_inner_imports_say_why() -> None:
    offences = [
        f"{named(path)}:{number} {line.strip()}"
        for path in files(".py", folders=("apps", "config"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if "noqa: PLC0415" in line and "PLC0415 -- " not in line
    ]

    assert offences == []
