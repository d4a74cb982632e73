"""HTML lives in templates, carries no code of its own, and a fragment has one root that can be addressed."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.loader import get_template

from apps.live.fragments import registry

from .tree import ROOT, files, named

TEMPLATES = files(".html", ".svg", ".txt", folders=("templates",))
HOT = ROOT / "templates/hot"
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>")
TRUSTED = {"mark_safe", "SafeString", "html_safe"}
DRAWN = ("apps/live/", "apps/accounts/admin.py")  # what a template or format_html made stays trusted
ESCAPING = {"format_html", "format_html_join"}
ESCAPERS = ("/admin.py", "/templatetags/")  # where a tag or an admin link may be put together
ROUTES = "/urls.py"  # where <symbol> is a converter
INLINE = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=|<style\b"),
    "an event attribute": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*="),
    "an inline script": re.compile(r"<script\b(?![^>]*\s(?:src=|type=\"application/(?:ld\+)?json\"))"),
    "code in an attribute": re.compile(r"=\s*[\"'](?:js|javascript):"),
    "trusted text": re.compile(r"\|\s*safe\b|autoescape\s+off"),
}


class Roots(HTMLParser):
    """Collects the elements that stand at the top of a fragment."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.depth, self.roots, self.loose = 0, list[dict[str, str | None]](), ""
        bare = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", source, flags=re.S)
        self.feed(re.sub(r"{{.*?}}", "x", re.sub(r"{%.*?%}", " ", bare, flags=re.S), flags=re.S))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            self.roots.append(dict(attrs))
        self.depth += tag not in VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            self.roots.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag not in VOID

    def handle_data(self, data: str) -> None:
        self.loose += data.strip() if self.depth == 0 else ""


def registered() -> dict[str, str]:
    return {kind: fragment.template for kind, fragment in registry.items()}


@pytest.mark.parametrize("kind", sorted(registered()))
def test_a_fragment_has_one_root_with_id_and_time(kind: str) -> None:
    read = Roots(Path(get_template(registered()[kind]).origin.name).read_text())

    assert (len(read.roots), read.depth, read.loose) == (1, 0, "")
    assert {"id", "data-ts"} <= read.roots[0].keys()


def test_a_template_is_written_for_one_engine() -> None:
    hot = {path.relative_to(HOT) for path in TEMPLATES if path.is_relative_to(HOT)}

    assert hot
    assert [path for path in sorted(hot) if (ROOT / "templates" / path).exists()] == []


@pytest.mark.parametrize("fault", INLINE)
def test_templates_hold_no(fault: str) -> None:
    """R-LIGHT: the strict content security policy stays possible."""
    offences = [
        f"{named(path)}:{source.count(chr(10), 0, found.start()) + 1} {found.group()[:80]}"
        for path in TEMPLATES
        for source in [path.read_text()]
        for found in INLINE[fault].finditer(source)
    ]

    assert offences == []


def docstrings(tree: ast.AST) -> set[int]:
    owners = (node for node in ast.walk(tree) if hasattr(node, "body") and isinstance(node.body, list))
    first = (node.body[0] for node in owners if node.body)
    return {id(node.value) for node in first if isinstance(node, ast.Expr)}


def calls(path: Path, names: set[str]) -> list[ast.Call]:
    every = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [call for call in every if ast.unparse(call.func).split(".")[-1] in names]


def html_in(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    skipped = docstrings(tree)
    return [
        f"{named(path)}:{node.lineno} {node.value[:60]}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
        if TAG.search(node.value)
    ]


def test_python_holds_no_html() -> None:
    paths = [
        path
        for path in files(".py", folders=("apps", "config"))
        if not (is_escaper(path) or named(path).endswith(ROUTES))
    ]

    assert [line for path in paths for line in html_in(path)] == []


def is_escaper(path: Path) -> bool:
    return any(place in named(path) for place in ESCAPERS)


def test_python_trusts_no_text() -> None:
    offences = [
        f"{named(path)}:{call.lineno}"
        for path in files(".py", folders=("apps", "config"))
        for call in calls(path, TRUSTED)
        if not named(path).startswith(DRAWN)
    ]

    assert offences == []


def test_escaped_html_has_a_constant_shape() -> None:
    offences = [
        f"{named(path)}:{call.lineno}"
        for path in files(".py", folders=("apps", "config"))
        for call in calls(path, ESCAPING)
        if not (is_escaper(path) and all(isinstance(shape, ast.Constant) for shape in call.args[:1]))
    ]

    assert offences == []
