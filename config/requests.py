"""Every request has an id: in each line that is logged meanwhile, in its answer, and on the page of a fault."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from apps.telemetry.logs import bound

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Asker:
    """Who asks, as far as that has been looked up when a line is written: it looks nothing up itself."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __str__(self) -> str:
        user = getattr(self.request, "_cached_user", None)
        return str(getattr(user, "pk", None) or "-")


def id_of(request: HttpRequest) -> str:
    """A proxy's own, where one stands before the desk; else a new one."""
    given = request.headers.get(HEADER, "")
    return given if settings.TRUSTED_PROXIES and GIVEN.fullmatch(given) else secrets.token_hex(8)


@sync_and_async_middleware
def named_requests(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Stands first, so that nothing is said of a request without its id."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            with bound(request=begin(request), user=Asker(request)):
                response: HttpResponse = await get_response(request)
            response[HEADER] = request.request_id  # type: ignore[attr-defined]
            return response

        return later

    def now(request: HttpRequest) -> HttpResponse:
        with bound(request=begin(request), user=Asker(request)):
            response: HttpResponse = get_response(request)
        response[HEADER] = request.request_id  # type: ignore[attr-defined]
        return response

    return now


def begin(request: HttpRequest) -> str:
    request.request_id = found = id_of(request)  # type: ignore[attr-defined]
    return found
