"""The way in: who comes, what the page shows and what of it they have. Who come together are read together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.http import Http404

from .arrival import Arrival, arrival_of, numbers_for
from .codes import FORBIDDEN, MALFORMED, RESYNC, SIGNED_OUT, SWITCHED_OFF, Code
from .identity import Visitor, said_by, visitors_of
from .pages import Moved, Page
from .readers import on_reader
from .switches import may_go_live
from .topics import user_stream

MOST_AT_ONCE = 64


@dataclass(frozen=True)
class Entered:
    visitor: Visitor
    arrival: Arrival
    topics: list[str]


@dataclass(frozen=True)
class Asking:
    """One socket that wants in, by the session its cookie names."""

    page: Page
    session_key: str
    params: Mapping[str, str]
    answer: asyncio.Future[Entered | Code] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Entrance:
    """One reader at a time: while it reads, those who come meanwhile gather, and go in with one query together."""

    def __init__(self) -> None:
        self.waiting: list[Asking] = []
        self.reader: asyncio.Task[None] | None = None

    async def enter(self, page: Page, session_key: str, params: Mapping[str, str]) -> Entered | Code:
        """Or why not. Raises what reading raised."""
        if not session_key:
            return SIGNED_OUT
        asking = Asking(page, session_key, params)
        self.waiting.append(asking)
        if self.reader is None or self.reader.done():
            self.reader = asyncio.create_task(self.let_in())
        return await asking.answer

    async def let_in(self) -> None:
        while self.waiting:
            batch, self.waiting = self.waiting[:MOST_AT_ONCE], self.waiting[MOST_AT_ONCE:]
            try:
                answers = await on_reader(read_answers, batch)
            except Exception as error:
                answers = [error] * len(batch)
            for asking, answer in zip(batch, answers, strict=True):
                if asking.answer.done():  # its socket went meanwhile
                    continue
                if isinstance(answer, Exception):
                    asking.answer.set_exception(answer)
                else:
                    asking.answer.set_result(answer)


def read_answers(batch: Sequence[Asking]) -> list[Entered | Code | Exception]:
    visitors = visitors_of({asking.session_key for asking in batch})
    return [read_answer(asking, visitors.get(asking.session_key)) for asking in batch]


def read_answer(asking: Asking, visitor: Visitor | None) -> Entered | Code | Exception:
    if visitor is None:
        return SIGNED_OUT
    user = visitor.user
    try:
        if not may_go_live(user.pk):
            return SWITCHED_OFF
        if not asking.page.allows(user, partial(said_by, visitor.session_key)):
            return FORBIDDEN
        topics = asking.page.all_topics(user, asking.params)
        arrival = arrival_of(user_stream(user.pk), asking.params, numbers_for(user))
    except Http404:
        return MALFORMED
    except Moved:
        return RESYNC
    except Exception as error:
        return error
    return Entered(visitor, arrival, topics) if arrival else RESYNC
