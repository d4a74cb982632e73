"""The registry of live fragments: how each kind is read, what it rests on and how it is drawn.

Pages, pushes and polls all draw through here, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.template.loader import get_template
from django.utils.safestring import SafeString

from .topics import split


class Fragment:
    """One kind of fragment; its template has one root element with an id and `data-ts`."""

    kind: ClassVar[str]
    template: ClassVar[str]
    source: ClassVar[str] = ""
    """Kinds of one source are drawn from the same facts by key, which are read once for all of them."""
    weight: ClassVar[int] = 1
    """How many other facts its own are worth, in a batch that is read at once."""
    every: ClassVar[float] = 0.0
    """Least seconds between two drawings that followed topics cause; a change of facts never waits."""

    def load(self, key: str) -> Any:
        """Reads the facts from the database; called in a thread."""
        return None

    def load_many(self, keys: Sequence[str]) -> dict[str, Any]:
        """The facts by key; worth its own queries where many pages come at once."""
        return {key: self.load(key) for key in keys}

    def follows(self, facts: Any) -> Iterable[str]:
        """Topics whose move means drawing again from the same facts."""
        return ()

    def contains(self, facts: Any) -> Iterable[str]:
        """Topics whose fragments stand inside this one."""
        return ()

    @property
    def rests(self) -> bool:
        """Moves only when an event names it: a page that has it needs nothing until then."""
        own = type(self)
        return own.follows is Fragment.follows and own.contains is Fragment.contains

    def context(self, key: str, facts: Any) -> dict[str, Any]:
        """What the template shows; `ts` is when the newest fact came to be (µs). No I/O."""
        raise NotImplementedError


registry: dict[str, Fragment] = {}


def register(fragment: Fragment) -> Fragment:
    registry[fragment.kind] = fragment
    return fragment


def fragment_of(topic: str) -> tuple[Fragment, str]:
    """The fragment and key of a topic. Raises KeyError for an unknown kind."""
    kind, key = split(topic)
    return registry[kind], key


def read(topics: Iterable[str]) -> dict[str, Any]:
    """The facts of the topics and of all that they contain, each kind at once, containers after what they contain."""
    places = {topic: fragment_of(topic) for topic in topics}
    sources: dict[str, tuple[Fragment, dict[str, None]]] = {}
    for fragment, key in places.values():
        sources.setdefault(fragment.source or fragment.kind, (fragment, {}))[1][key] = None
    loaded = {source: fragment.load_many(list(keys)) for source, (fragment, keys) in sources.items()}
    own = {topic: loaded[fragment.source or fragment.kind][key] for topic, (fragment, key) in places.items()}
    contained = {topic: tuple(fragment_of(topic)[0].contains(facts)) for topic, facts in own.items()}
    inner = dict.fromkeys(name for names in contained.values() for name in names if name not in own)
    facts = read(inner) if inner else {}
    return facts | {topic: own[topic] for topic in sorted(own, key=lambda topic: bool(contained[topic]))}


def read_each(topics: Iterable[str]) -> tuple[dict[str, Any], dict[str, Exception]]:
    """Like `read`, but a topic that cannot be read does not keep the others from it."""
    topics = list(topics)
    try:
        return read(topics), {}
    except Exception as error:
        if len(topics) == 1:
            return {}, {topics[0]: error}
    facts: dict[str, Any] = {}
    failed: dict[str, Exception] = {}
    for topic in topics:
        found, bad = read_each([topic])
        facts |= found
        failed |= bad
    return facts, failed


def inner_topics(facts: Mapping[str, Any]) -> frozenset[str]:
    """Those of the topics that stand inside another one."""
    return frozenset(inner for topic, own in facts.items() for inner in fragment_of(topic)[0].contains(own))


class Template(Protocol):
    """Of any engine."""

    def render(self, context: dict[str, Any]) -> str: ...


@cache
def compiled(name: str) -> Template:
    found: Template = get_template(name)
    return found


def template_named(name: str) -> Template:
    """Found once; a developer sees what was edited since."""
    return get_template(name) if settings.DEBUG else compiled(name)


def draw(topic: str, facts: Any, inner: Mapping[str, str]) -> SafeString:
    """The topic's HTML; `inner` holds the HTML of the topics that it contains."""
    return SafeString(drawn(*fragment_of(topic), facts, inner))


def drawn(fragment: Fragment, key: str, facts: Any, inner: Mapping[str, str]) -> str:
    context = fragment.context(key, facts)
    return template_named(fragment.template).render({**context, "live": inner}).strip()


def draw_all(facts: Mapping[str, Any]) -> dict[str, SafeString]:
    """The HTML of all topics, in the order of `read`."""
    html: dict[str, SafeString] = {}
    for topic, own in facts.items():
        html[topic] = draw(topic, own, html)
    return html


def render_fragment(topic: str) -> SafeString:
    """One topic's HTML, read and drawn now."""
    return draw_all(read([topic]))[topic]
