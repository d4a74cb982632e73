"""The environment of `templates/hot`: what is drawn most often, in Jinja, which compiles templates to Python.

Text is escaped as everywhere, and a name that the fragment did not give is an error instead of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Macro
from markupsafe import escape

from apps.desk.money import plain
from apps.market.templatetags import figures

FIGURES = (
    "usd",
    "signed_usd",
    "pct",
    "signed_pct",
    "meter",
    "price",
    "price_in",
    "unit",
    "qty",
    "direction",
    "moment",
)
DRAWN = (*FIGURES, "plain", "once")  # holds nothing to escape

TEXTS = 4_000  # symbols, names and ids, which come again and again, among prices, which do not

path_part = lru_cache(maxsize=10_000)(lambda text: quote(text, safe=""))


@lru_cache(maxsize=TEXTS)
def escaped_text(text: str) -> str:
    return str(escape(text))


def escaped(value: object) -> str:
    if type(value) is str:
        return escaped_text(value)
    return str(value if type(value) is int else escape(value))


class Kept(Protocol):
    """What may be drawn once: `drawn` is what it looks like, by the name of what drew it."""

    drawn: dict[str, str]


def once(facts: Kept, draw: Macro) -> str:
    """What a macro shows of facts that never change: drawn when it is first asked for."""
    text = facts.drawn.get(draw.name)
    if text is None:
        text = facts.drawn[draw.name] = str(draw(facts))
    return text


def draw_anew(facts: Kept, draw: Macro) -> str:
    """For a developer, who edits templates."""
    return str(draw(facts))


class HotCode(CodeGenerator):
    """Escapes all but figures: digits, signs and our own words need none, and it costs more than writing them."""

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        """A template's pieces are put into a list, many at a time, instead of given one by one."""
        if not frame.toplevel or frame.buffer is not None:
            super().blockvisit(nodes, frame)
            return
        self.buffer(frame)
        super().blockvisit(nodes, frame)
        self.writeline(f"yield concat({frame.buffer})")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """Reads `a.b` as Python does, never as `a["b"]`."""
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        plain = isinstance(node, nodes.Filter) and node.name in DRAWN
        self.write("(" if plain else "environment.escaped(")


class HotTemplate(Template):
    """Knows what its fragment gives and no global names: to mix them in costs as much as ten figures."""

    def render(self, context: dict[str, Any]) -> str:
        try:
            return "".join(self.root_render_func(self.new_context(context, shared=True)))
        except Exception:
            self.environment.handle_exception()  # raises it again, with the template's own lines


class HotEnvironment(Environment):
    code_generator_class = HotCode
    template_class = HotTemplate
    escaped = staticmethod(escaped)


def environment(**options: Any) -> Environment:
    made = HotEnvironment(
        **{**options, "autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    )
    made.filters |= {name: getattr(figures, name) for name in FIGURES}
    made.filters |= {"plain": plain, "path_part": path_part, "once": draw_anew if made.auto_reload else once}
    return made
