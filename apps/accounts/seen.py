"""When a session was last seen: written every few minutes at most. A write with each request would cost too much."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

EVERY = 300.0
MOST = 10_000

_seen: dict[str, float] = {}


def is_news(key: str) -> bool:
    """Whether this process has not written of the session for some minutes."""
    now = time.monotonic()
    if now - _seen.get(key, -EVERY) < EVERY:
        return False
    if len(_seen) >= MOST:
        for old in [one for one, at in _seen.items() if now - at >= EVERY] or list(_seen):
            del _seen[old]
    _seen[key] = now
    return True


def due(request: HttpRequest) -> str:
    """The session's key if it is time to write. One that was asked for and is none has no key any more."""
    session = request.session
    return session.session_key if session.accessed and session.session_key and is_news(session.session_key) else ""


def note(key: str) -> None:
    with contextlib.suppress(DatabaseError):  # no answer is lost over this
        UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now())


def signed_in(sender: Any, request: HttpRequest, user: Any, **more: Any) -> None:
    """It is listed with the time of its sign-in."""
    if key := request.session.session_key:
        is_news(key)


@sync_and_async_middleware
def last_seen(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Stands behind the sessions; asks nothing of the database but its own write."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = await get_response(request)
            if key := due(request):
                await sync_to_async(note)(key)
            return response

        return later

    def now(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        if key := due(request):
            note(key)
        return response

    return now
