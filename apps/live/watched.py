"""A topic that some page shows, and where what a flush has drawn of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString

from . import fragments

if TYPE_CHECKING:
    from .viewer import Viewer


class Watched:
    """What is known of the topic, its HTML, and who shows it."""

    __slots__ = (
        "contained",
        "drawn_at",
        "facts",
        "follows",
        "fragment",
        "frame",
        "fresh",
        "key",
        "known",
        "next_at",
        "place",
        "reread",
        "topic",
        "viewers",
    )

    def __init__(self, topic: str, place: int = 0) -> None:
        self.topic, self.place = topic, place
        self.fragment, self.key = fragments.fragment_of(topic)
        self.viewers: dict[Viewer, None] = {}  # takes half the memory of a set, and there is one for each quote
        self.contained: tuple[str, ...] = ()
        self.follows: frozenset[str] = frozenset()
        self.facts: Any = None
        self.known = False
        self.fresh = False  # facts newer than the HTML: draw without waiting
        self.reread = False  # facts read again, and found equal, since the HTML was drawn
        self.next_at = self.drawn_at = 0.0
        self.frame = b""

    @property
    def html(self) -> SafeString:
        """What it looks like inside another one; kept as bytes alone, for most are sent and never read again."""
        return SafeString(self.frame.decode())

    def learn(self, facts: Any) -> tuple[tuple[str, ...], frozenset[str]]:
        """Keeps the facts; returns what the fragment now contains and follows."""
        self.facts, self.known, self.fresh = facts, True, True
        return tuple(dict.fromkeys(self.fragment.contains(facts))), frozenset(self.fragment.follows(facts))

    def turn(self) -> tuple[bool, bool, float, str]:
        """When it is drawn among others: containers last, new facts before old ones, who waits longest first."""
        return bool(self.contained), not self.fresh, self.next_at, self.key

    def draw(self, inner: Mapping[str, str], now: float) -> None:
        self.frame = fragments.drawn(self.fragment, self.key, self.facts, inner).encode()
        self.fresh = self.reread = False
        self.drawn_at = now
        self.next_at = now + self.fragment.every


class News:
    """What the flush that lasts has drawn: the frame of each topic at the topic's place, and nothing between flushes.

    A page's share is gathered from one list, in one go. Asking each topic for its own cost as much as joining them,
    for topics lie far apart in memory.
    """

    def __init__(self) -> None:
        self.frames = [b""]  # at place 0 there is never any
        self.left: list[int] = []
        self.told: list[int] = []

    def place(self) -> int:
        """For a topic that comes."""
        if self.left:
            return self.left.pop()
        self.frames.append(b"")
        return len(self.frames) - 1

    def leave(self, place: int) -> None:
        """Of a topic that nobody shows any more."""
        self.frames[place] = b""
        self.left.append(place)

    def tell(self, seen: Watched) -> None:
        self.frames[seen.place] = seen.frame
        self.told.append(seen.place)

    def clear(self) -> None:
        for place in self.told:
            self.frames[place] = b""
        self.told.clear()
