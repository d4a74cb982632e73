"""README's settings table, .env.example and config name the same settings."""

from __future__ import annotations

import ast
import re

from .tree import ROOT, files, named

SETTINGS = [ast.parse(path.read_text()) for path in sorted((ROOT / "config").glob("*.py"))]
DEFAULT_IN_WORDS = re.compile(r"^\*.+\*$")


def reads() -> dict[str, str | None]:
    """Every setting read, with its default as the environment would spell it; None where it is computed."""
    found: dict[str, str | None] = {}
    for node in (node for module in SETTINGS for node in ast.walk(module)):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) != "env":
            continue
        name = node.args[0].value
        if not (isinstance(name, str) and re.fullmatch(r"[A-Z][A-Z0-9_]+", name)):
            continue
        given = [word.value for word in node.keywords if word.arg == "default"] + node.args[1:2]
        found[name] = spelled(given[0]) if given else None
    return found


def spelled(default: ast.expr) -> str | None:
    if isinstance(default, ast.List):
        return "" if not default.elts else None
    if not isinstance(default, ast.Constant):
        return None
    if isinstance(default.value, bool):
        return "on" if default.value else "off"
    return f"{default.value:g}" if isinstance(default.value, float) else str(default.value)


def table() -> dict[str, str]:
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|(.*?)\|", (ROOT / "README.md").read_text(), flags=re.M)
    return {name: default.strip() for name, default in rows}


def test_readme_names_every_setting() -> None:
    assert sorted(table()) == sorted(reads())


def test_readme_gives_the_true_defaults() -> None:
    shown = {
        name: default.strip("`")
        for name, default in table().items()
        if default and not DEFAULT_IN_WORDS.match(default)
    }

    assert shown == {name: default for name, default in reads().items() if default}


def test_the_example_names_every_setting() -> None:
    example = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), flags=re.M)

    assert sorted(example) == sorted(reads())


def test_only_one_module_reads_the_environment() -> None:
    offences = [
        f"{named(path)}:{number}"
        for path in files(".py", folders=("apps", "config"))
        if named(path) != "config/environment.py"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"\benviron\b|getenv", line) and "DJANGO_SETTINGS_MODULE" not in line
    ]

    assert offences == []
