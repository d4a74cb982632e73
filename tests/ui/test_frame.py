"""What holds of every template and of the weight of a page, read from the files themselves."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import django_htmx
import pytest

from apps.home.templatetags.icons import icon
from tests.architecture.tree import ROOT, named
from tools.icons import SCRIPTS, names_used

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
HTMX = Path(django_htmx.__file__).parent / "static/django_htmx"
SHEETS = [STATIC / f"css/{name}.css" for name in ("desk", "parts", "screens")]
SHEET = "".join(path.read_text() for path in SHEETS)
PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if '{% extends "base.html" %}' in path.read_text()]
STANDING_ALONE = [TEMPLATES / "400.html", TEMPLATES / "500.html"]


def zipped(*paths: Path) -> int:
    return len(gzip.compress(b"\n".join(path.read_bytes() for path in paths)))


def test_style_weighs_less_than_30_kb_gzipped() -> None:
    """R-BUDGET"""
    assert sum(zipped(path) for path in SHEETS) < 30_000


def test_scripts_of_the_desk_weigh_less_than_60_kb_gzipped() -> None:
    """R-BUDGET: all of it but the chart library, which loads after the page."""
    own = sorted((STATIC / "js").glob("*.js"))
    loaded = [HTMX / "htmx-2.min.js", HTMX / "ext/hx-ws-2.min.js", STATIC / "vendor/idiomorph.min.js", *own]

    assert zipped(*own) < 20_000
    assert sum(zipped(path) for path in loaded) < 60_000


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_page_has_a_title_of_its_own(page: Path) -> None:
    assert re.search(r"{% block (title|head_title) %}.+?{% endblock", page.read_text())


@pytest.mark.parametrize("page", STANDING_ALONE, ids=named)
def test_page_that_stands_alone_needs_no_context(page: Path) -> None:
    source = page.read_text()

    tags = re.findall(r"{[{%].+?[}%]}", source)
    assert set(tags) <= {"{% if request_id %}", "{{ request_id }}", "{% endif %}"}  # left out where it is not known
    assert re.search(r"<title>.+ · Livedesk</title>\n<meta name=\"description\" content=\".+\">", source)


def test_base_describes_every_page() -> None:
    """R-LIGHT"""
    base = (TEMPLATES / "base.html").read_text()

    assert "{% block title %}" in base
    assert '<meta name="description" content="{% block description %}' in base


def test_sprite_holds_exactly_the_icons_that_are_named() -> None:
    sprite = (STATIC / "icons/sprite.svg").read_text()

    assert set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite)) == names_used() | SCRIPTS


def test_icon_is_silent_and_escaped() -> None:
    drawn = icon('bell"><script>')

    assert 'aria-hidden="true"' in drawn
    assert "<script>" not in drawn


def test_every_token_that_is_used_is_defined() -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", SHEET))
    scripts = "".join(path.read_text() for path in (STATIC / "js").glob("*.js"))

    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", SHEET)) <= defined
    assert {f"--{name}" for name in re.findall(r'token\("([a-z0-9-]+)"\)', scripts)} <= defined


def test_sheet_respects_what_the_reader_asks_for() -> None:
    for wish in (
        "prefers-reduced-motion: reduce",
        "pointer: coarse",
        "forced-colors: active",
        "print",
        "scripting: none",
    ):
        assert f"@media {wish}" in SHEET or f"@media ({wish})" in SHEET, wish


def test_manifest_names_icons_that_exist() -> None:
    manifest = (STATIC / "manifest.webmanifest").read_text()

    assert [source for source in re.findall(r'"src": "([^"]+)"', manifest) if not (STATIC / source).exists()] == []
