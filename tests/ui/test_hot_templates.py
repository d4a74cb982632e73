"""What `templates/hot` is drawn with: found once, escaping all text, refusing what is not given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.template import engines
from django.template.loader import get_template
from jinja2 import UndefinedError, nodes
from markupsafe import Markup

from apps.live import fragments
from apps.live.fragments import registry, template_named
from config.hot import environment

HOT = ("quote", "spark", "book", "bar", "account", "positions", "breakdown", "position", "orders", "order", "fills")
QUOTE = registry["quote"].template
HOSTILE = "<b>\"&'{{ 1 }}"


@pytest.fixture(autouse=True)
def found_anew() -> Iterator[None]:
    fragments.compiled.cache_clear()
    yield
    fragments.compiled.cache_clear()


class Held:
    def __init__(self, name: str) -> None:
        self.name = name
        self.drawn: dict[str, str] = {}


def drawn(source: str, **context: Any) -> str:
    text: str = engines["jinja2"].from_string(source).render(context)
    return text


@pytest.mark.parametrize("kind", HOT)
def test_what_is_drawn_often_is_compiled(kind: str) -> None:
    assert get_template(registry[kind].template).backend is engines["jinja2"]


def test_template_is_found_once() -> None:
    assert template_named(QUOTE) is template_named(QUOTE)


def test_developer_sees_what_was_edited_since(settings: Any) -> None:
    settings.DEBUG = True

    assert template_named(QUOTE) is not template_named(QUOTE)


def test_text_is_escaped() -> None:
    text = drawn("{{ name }} {{ name|upper }}", name=HOSTILE)

    assert text == "&lt;b&gt;&#34;&amp;&#39;{{ 1 }} &lt;B&gt;&#34;&amp;&#39;{{ 1 }}"


def test_only_figures_are_written_as_they_are() -> None:
    code = engines["jinja2"].env.compile("{{ a|usd }}{{ b }}{{ b|upper }}{{ a|usd|upper }}{{ a|usd ~ b }}", raw=True)

    assert code.count("environment.escaped(") == 4


def test_markup_is_not_taken_for_text_that_reads_the_same() -> None:
    assert (
        drawn("{{ text }} {{ markup }} {{ text }}", text="&amp;", markup=Markup("&amp;"))
        == "&amp;amp; &amp; &amp;amp;"
    )


def test_what_never_changes_is_drawn_once_for_each() -> None:
    source = "{% macro cell(held) %}<td>{{ held.name }}</td>{% endmacro %}{{ held|once(cell) }}"
    held, other = Held(HOSTILE), Held("other")

    first = drawn(source, held=held)
    held.name = "changed"
    again, others = drawn(source, held=held), drawn(source, held=other)

    assert first == again == "<td>&lt;b&gt;&#34;&amp;&#39;{{ 1 }}</td>"
    assert others == "<td>other</td>"


def test_developer_sees_what_was_edited_of_what_never_changes() -> None:
    edited, held = environment(auto_reload=True), Held("held")
    sources = ["{% macro cell(held) %}" + text + "{{ held.name }}{% endmacro %}{{ held|once(cell) }}" for text in "ab"]

    assert [edited.from_string(source).render({"held": held}) for source in sources] == ["aheld", "bheld"]


def test_what_is_drawn_once_has_a_name_of_its_own_and_shows_nothing_else() -> None:
    """It is kept by that name, whatever else the template shows."""
    env = engines["jinja2"].env
    sources = [env.loader.get_source(env, name)[0] for name in env.list_templates()]
    macros = [macro for source in sources for macro in env.parse(source).find_all(nodes.Macro)]

    shown = {macro.name: {name.name for name in macro.find_all(nodes.Name)} for macro in macros}

    assert len(shown) == len(macros)
    assert shown == {macro.name: {arg.name for arg in macro.args} for macro in macros}


@pytest.mark.parametrize("source", ["{{ name }}", "{% if name %}x{% endif %}", "{{ name|usd }}", "{{ range }}"])
def test_what_is_not_given_is_an_error(source: str) -> None:
    with pytest.raises((UndefinedError, TypeError), match=r"[uU]ndefined"):
        drawn(source)


def test_attribute_that_is_none_is_an_error() -> None:
    with pytest.raises(AttributeError, match="nmae"):
        drawn("{{ view.nmae }}", view=HOT)
