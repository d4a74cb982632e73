"""A live page: which topics it shows. Its view, its socket and its poll all ask here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.utils.safestring import SafeString

from . import fragments
from .arrival import Numbers, numbers_of
from .models import Stream
from .moments import now_us
from .releases import has_news
from .switches import kept
from .topics import DESK_STREAM, NOTICE, user_stream

FRAME_TOPICS = ("market/desk", NOTICE)


@dataclass(frozen=True)
class Drawn(Mapping[str, SafeString]):
    """A page's fragments by topic, the numbers of the last events (of the user, of the desk) that they show for sure,
    and which stand inside others. Of the user's events up to number `forgotten` nothing can be told any more.

    `query` is the page's parameters, for its socket and its poll; `line` says whether it may have a socket.
    """

    html: Mapping[str, SafeString]
    seq: int
    desk_seq: int
    now_us: int
    inner: frozenset[str]
    query: str
    line: bool = True
    forgotten: int = 0

    def __getitem__(self, topic: str) -> SafeString:
        return self.html[topic]

    def __iter__(self) -> Iterator[str]:
        return iter(self.html)

    def __len__(self) -> int:
        return len(self.html)


def stream_seq(stream: str) -> int:
    return Stream.objects.filter(name=stream).values_list("seq", flat=True).first() or 0


class Moved(Exception):
    """What a page's parameters name is called otherwise now: it must be loaded again."""


class Page:
    """Subclass with a name and `topics`; the name is also its poll's."""

    name: ClassVar[str]
    registry: ClassVar[dict[str, Page]] = {}

    def __init_subclass__(cls) -> None:
        Page.registry[cls.name] = cls()

    @property
    def socket_path(self) -> str:
        return f"/ws/{self.name}/"

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        """What the page shows to this user; may read the database.

        Raises Http404 for nonsense in `params`, Moved for what is called otherwise now.
        """
        raise NotImplementedError

    def allows(self, user: Any, session: Callable[[], Mapping[str, Any]]) -> bool:
        """Whether its socket and its poll are for this user, signed in by that session; the view asks by itself."""
        return True

    @property
    def is_for_some(self) -> bool:
        """Whether `allows` asks anything: who was let in is asked again then, as long as the line is open."""
        return type(self).allows is not Page.allows

    def all_topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        """The page's own topics and those of the frame around every page."""
        news = [f"release/{user.pk}"] if has_news(settings.RELEASE) else []
        return list(dict.fromkeys([*self.topics(user, params), *FRAME_TOPICS, f"bell/{user.pk}", *news]))

    def draw(self, user: Any, params: Mapping[str, str]) -> Drawn:
        """Everything the page shows, now. The numbers are read first: what happens meanwhile is told again."""
        own = user_stream(user.pk)
        numbers = numbers_of([own, DESK_STREAM])
        mine, desk = numbers.get(own, Numbers()), numbers.get(DESK_STREAM, Numbers())
        facts = fragments.read(self.all_topics(user, params))
        html, inner, line = fragments.draw_all(facts), fragments.inner_topics(facts), kept.fresh().allows(user.pk)
        return Drawn(html, mine.seq, desk.seq, now_us(), inner, urlencode(params), line, mine.forgotten)
