"""One open page as the hub sees it: what it shows, what it has not got yet, how it takes frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import TYPE_CHECKING

from apps import telemetry
from apps.telemetry import slow

from .codes import TIMED_OUT

if TYPE_CHECKING:
    from .watched import News, Watched


STUCK_SECONDS = 5.0


class Viewer:
    """`take` hands a payload to the socket and says whether it could take it; `cursors` are event numbers seen.

    `base` are the topics of its page, `shown` these and what they contain, whose news it is to `gather`; what it `has`
    of them it shows as it is; what is `due` it has not got yet, `boxed` where something that contains others is
    among it.
    `standing` is what its user might do when let in, `seat` its name among the user's sockets. `asked` is a ping
    not answered yet, `acked` when it last said how late it showed something, by kind, and `late_ms` how late that was.
    `page` and `network` are what an operator sees of it.
    """

    __slots__ = (
        "acked",
        "asked",
        "base",
        "boxed",
        "close",
        "cursors",
        "due",
        "gather",
        "has",
        "last_sent",
        "late_ms",
        "network",
        "newest",
        "page",
        "seat",
        "session_key",
        "shown",
        "standing",
        "stuck_since",
        "take",
        "user_id",
    )

    def __init__(self, user_id: int, session_key: str, take: Callable[[bytes], bool], close: Callable[[int], None]):
        self.user_id = user_id
        self.session_key = session_key
        self.take = take
        self.close = close
        self.base: set[str] = set()
        self.has: set[str] = set()
        self.shown: list[Watched] = []
        self.gather: Callable[[list[bytes]], tuple[bytes, ...]] | None = None
        self.due: set[Watched] = set()
        self.boxed = False
        self.cursors: dict[str, int] = {}
        self.newest: dict[str, int] = {}
        self.standing: tuple[object, ...] | None = None
        self.seat = ""
        self.asked: int | None = None
        self.acked: dict[str, float] = {}
        self.late_ms: float | None = None
        self.page = self.network = ""
        self.last_sent = self.stuck_since = 0.0

    def shows(self, seen: Watched) -> None:
        self.shown.append(seen)
        self.gather = None

    def hides(self, seen: Watched) -> None:
        self.shown.remove(seen)
        self.gather = None

    def gathers(self) -> Callable[[list[bytes]], tuple[bytes, ...]]:
        """What takes its page's frames out of all the news."""
        self.gather = itemgetter(0, 0, *[seen.place for seen in self.shown])  # of one place it would give no tuple
        return self.gather

    def send(self, payload: bytes) -> bool:
        """False: the page is behind; ask again later with what is newest then."""
        if not self.take(payload):
            self.refused()
            return False
        self.last_sent = time.monotonic()
        self.stuck_since = 0.0
        telemetry.frames_sent.count += 1
        return True

    def refused(self) -> None:
        """A page that takes nothing for too long is let go; it comes back by itself."""
        telemetry.frames_deferred.inc()
        slow.deferred(self.user_id)
        now = time.monotonic()
        if not self.stuck_since:
            self.stuck_since = now
        elif now - self.stuck_since > STUCK_SECONDS:
            self.close(TIMED_OUT.close)

    def owe(self, seen: Watched) -> None:
        """The topic is due: what it looks like when the frame is made."""
        self.due.add(seen)
        if seen.contained:
            self.boxed = True

    def keep(self, news: News) -> None:
        self.due.update([seen for seen in self.shown if news.frames[seen.place]])

    def send_due(self) -> bool:
        """Sends the newest HTML of every topic that is due, in one frame. True: nothing is left."""
        due = without_what_is_inside(self.due) if self.boxed else self.due
        payload = b"".join([seen.frame for seen in due])
        if payload and not self.send(payload):
            return False
        self.due.clear()
        self.boxed = False
        return True


def send_news(viewers: Iterable[Viewer], news: News) -> list[Viewer]:
    """Sends each what this flush has drawn, with all that is due; returns those to whom something is left.

    Most pages have got all until now: theirs is gathered from what they show, and nothing is noted of each. What is
    the same for all is done once: this is what a push costs, ten times a second for each page.
    """
    now, sent, left, frames = time.monotonic(), 0, [], news.frames
    for viewer in viewers:
        if viewer.due:
            viewer.keep(news)
            if not viewer.send_due():
                left.append(viewer)
        elif payload := b"".join((viewer.gather or viewer.gathers())(frames)):
            if viewer.take(payload):
                viewer.last_sent, viewer.stuck_since = now, 0.0
                sent += 1
            else:
                viewer.refused()
                viewer.keep(news)
                left.append(viewer)
    telemetry.frames_sent.count += sent
    return left


def without_what_is_inside(due: Iterable[Watched]) -> list[Watched]:
    """Containers first, and of what stands inside them only what was drawn after them."""
    drawn = [seen for seen in due if seen.frame]
    within = {name: seen.drawn_at for seen in drawn for name in seen.contained}
    rest = [seen for seen in drawn if seen.drawn_at > within.get(seen.topic, -1.0)]
    return sorted(rest, key=lambda seen: not seen.contained)
