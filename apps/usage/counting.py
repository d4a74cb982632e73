"""What requests tell of the desk's use: names of routes, never an address, an id or what was typed.

It is summed here, in memory, and written now and then: a request waits for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from threading import Lock
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

from .models import Count
from .weeks import hour_of

Kind = Count.Kind
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
UNSAID = {"usage:left"}


class Tray:
    """Sums by hour since they were last taken, and who was there; requests come in several threads."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.counts: Counter[tuple[datetime, str, str]] = Counter()
        self.users: set[tuple[date, int]] = set()

    def add(self, kind: str, name: str, number: int = 1) -> None:
        with self.lock:
            self.counts[hour_of(timezone.now()), kind, name[:80]] += number

    def see(self, user_id: int) -> None:
        with self.lock:
            self.users.add((timezone.now().date(), user_id))

    def take(self) -> tuple[Counter[tuple[datetime, str, str]], set[tuple[date, int]]]:
        with self.lock:
            taken = self.counts, self.users
            self.counts, self.users = Counter(), set()
        return taken

    def give_back(self, counts: Counter[tuple[datetime, str, str]], users: set[tuple[date, int]]) -> None:
        """What could not be written."""
        with self.lock:
            self.counts.update(counts)
            self.users |= users


tray = Tray()


def asks_not_to_be_counted(request: HttpRequest) -> bool:
    """By its browser: Do Not Track or Global Privacy Control."""
    return "1" in (request.headers.get("DNT"), request.headers.get("Sec-GPC"))


def is_counted(request: HttpRequest, user: Any) -> bool:
    known = bool(settings.USE_KEPT_DAYS and user and user.is_authenticated and user.counted)
    return known and not asks_not_to_be_counted(request)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Whether the page may tell how it was used."""
    return {"use_counted": is_counted(request, getattr(request, "user", None))}


def signed_in(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    if request is not None and is_counted(request, user):
        tray.add(Kind.SESSIONS, "signed in")


def count(request: HttpRequest, response: HttpResponse) -> None:
    """Counts a page that was shown or something that was done. Asks nothing: who is not known yet is not counted."""
    match, user = request.resolver_match, getattr(request, "_cached_user", None)
    if match is None or response.status_code >= 400 or not is_counted(request, user):
        return
    assert user is not None  # noqa: S101 -- is_counted
    tray.see(user.pk)
    name = "admin" if "admin" in match.app_names else match.view_name
    if request.method not in SAFE and name not in UNSAID:
        tray.add(Kind.ACT, name)
    elif is_page(request, response):
        tray.add(Kind.PAGE, name)


def is_page(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether somebody went there, and not one of its scripts."""
    went = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    shown = response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")
    return went and shown and not request.headers.get("HX-Request")


@sync_and_async_middleware
def counted(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = await get_response(request)
            count(request, response)
            return response

        return later

    def now(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        count(request, response)
        return response

    return now
