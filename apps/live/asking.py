"""Who asks over HTTP, and how one who is not signed in is met: the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

View = Callable[..., HttpResponseBase]


class OnlyForms(BadRequest):
    """JSON, where nothing but a form is read: Django would take it for a form without fields."""


def form_of(request: HttpRequest) -> dict[str, str]:
    """The fields of a form, where only that is read. Raises OnlyForms."""
    if request.content_type == "application/json" and request.body:
        raise OnlyForms
    return request.POST.dict()


def wants_json(request: HttpRequest) -> bool:
    return is_json(request.headers.get("Accept", ""))


def is_json(accepted: str) -> bool:
    """What an Accept header asks for."""
    return accepted.startswith("application/json")


def signed_out() -> JsonResponse:
    return JsonResponse({"error": "Signed out", "detail": "Sign in, then send it again."}, status=401)


def told(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    """A line of text for scripts of pages; JSON, with what to do, for who asks for that."""
    if wants_json(request):
        return JsonResponse({"error": title, "detail": words}, status=status)
    return HttpResponse(title, status=status, content_type="text/plain")


def signed_in(view: View) -> View:
    """Who is not signed in gets 401 for JSON, and the way to sign in for everything else."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if wants_json(request):
            return signed_out()
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
        onward = request.get_full_path() if request.method in {"GET", "HEAD"} else settings.LOGIN_REDIRECT_URL
        return redirect_to_login(onward)

    return checked
