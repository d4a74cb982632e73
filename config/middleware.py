"""Headers that every response carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware


def origin_of(address: str) -> str:
    return "/".join(address.split("/")[:3])


POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: https://cdn.discordapp.com",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        f"form-action 'self' https://discord.com {origin_of(settings.DISCORD_API_BASE)}".rstrip(),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


def is_of_files(path: str) -> bool:
    return path.startswith(settings.STATIC_URL)


def dress(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.setdefault("Content-Security-Policy", POLICY)
    response.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
    if not is_of_files(request.path):
        response.setdefault("Cache-Control", "no-store")
    return response


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """The content security policy (no inline code, no eval), and `no-store` on all that is not a static file."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            return dress(request, await get_response(request))

        return later

    return lambda request: dress(request, get_response(request))


@sync_and_async_middleware
def files_only(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Where static files are there is nothing else: said before the database is asked who wants to know."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            return no_file() if is_of_files(request.path) else await get_response(request)

        return later

    return lambda request: no_file() if is_of_files(request.path) else get_response(request)


def no_file() -> HttpResponse:
    return HttpResponse("There is no such file.", status=404, content_type="text/plain; charset=utf-8")
