"""A page as the browser holds it: found, swapped and written down by the rules of static/js/live.js."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Node:
    """Never changed once it was read: pages and frames share what is the same in them."""

    def __init__(self, tag: str, attrs: dict[str, str]) -> None:
        self.tag, self.attrs = tag, attrs
        self.children: list[Node | str] = []

    @property
    def id(self) -> str:
        return self.attrs.get("id", "")

    @property
    def ts(self) -> int:
        return int(self.attrs.get("data-ts", 0))

    def has_class(self, name: str) -> bool:
        return name in self.attrs.get("class", "").split()

    @property
    def elements(self) -> list[Node]:
        return [child for child in self.children if isinstance(child, Node)]

    def swapped(self, fresh: Node) -> Node | None:
        """This with the fresh one in the place of its id; None where that is nowhere in it. An older state never
        replaces a newer one."""
        for place, child in enumerate(self.children):
            if isinstance(child, Node) and child.id == fresh.id:
                return self.having(place, fresh) if fresh.ts >= child.ts else self
        for place, child in enumerate(self.children):
            if isinstance(child, Node) and (changed := child.swapped(fresh)) is not None:
                return self.having(place, changed)
        return None

    def having(self, place: int, child: Node) -> Node:
        made = Node(self.tag, self.attrs)
        made.children = [*self.children[:place], child, *self.children[place + 1 :]]
        return made

    def lines(self, depth: int = 0) -> Iterator[str]:
        """One line a tag or text, without what depends on when it was drawn: stamps, and ages in words."""
        attrs = "".join(f' {name}="{value}"' for name, value in sorted(self.attrs.items()) if name != "data-ts")
        yield f"{' ' * depth}<{self.tag}{attrs}>"
        for child in self.children:
            if isinstance(child, Node):
                yield from child.lines(depth + 1)
            elif not self.has_class("age"):
                yield f"{' ' * (depth + 1)}{child}"

    def stamps(self, within: str = "") -> Iterator[tuple[str, int]]:
        """Each `data-ts` with the id that it stands in."""
        within = self.id or within
        if "data-ts" in self.attrs:
            yield within, self.ts
        for child in self.elements:
            yield from child.stamps(within)

    @cached_property
    def lines_of_top(self) -> list[str]:
        return list(self.lines(1))

    @cached_property
    def stamps_of_top(self) -> list[tuple[str, int]]:
        return list(self.stamps())


class Reading(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open = [Node("body", {})]
        self.feed(html)
        self.close()
        if len(self.open) != 1:
            raise ValueError(f"<{self.open[-1].tag}> is never closed in {html[:200]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: " ".join((value or "").split()) for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag != self.open.pop().tag:
            raise ValueError(f"</{tag}> closes what it did not open")

    def handle_data(self, data: str) -> None:
        if text := " ".join(data.split()):
            self.open[-1].children.append(text)


@lru_cache(maxsize=1000)
def parse(html: str) -> Node:
    return Reading(html).open[0]


class Dom:
    """What a tab shows; `seq` is the number of the last event it has seen."""

    def __init__(self, fragments: Iterable[str], seq: int = 0) -> None:
        self.body, self.seq = Node("body", {}), seq
        self.body.children = [child for html in fragments for child in parse(html).children]
        self.toasts: list[int] = []

    def take(self, html: str) -> None:
        """One frame: every element at its top finds its place by its id."""
        for fresh in parse(html).elements:
            if fresh.id == "beat":
                self.seq = max(self.seq, int(fresh.attrs["data-seq"]))
            elif fresh.has_class("toast"):
                number = int(fresh.attrs["data-seq"])
                if number > self.seq:
                    self.seq = number
                    self.toasts.append(number)
            else:
                self.body = self.body.swapped(fresh) or self.body  # what the page does not show is passed over

    @property
    def lines(self) -> list[str]:
        each = (child.lines_of_top if isinstance(child, Node) else [child] for child in self.body.children)
        return [line for lines in each for line in lines]

    @property
    def stamps(self) -> list[tuple[str, int]]:
        return [stamp for child in self.body.elements for stamp in child.stamps_of_top]
