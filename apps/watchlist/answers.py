"""How a change of a list is answered: JSON, the list drawn again for htmx, or the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.answers import refusal as refusal_page
from apps.accounts.answers import wants_json
from apps.live.fragments import render_fragment

from .models import Watchlist
from .services import Refused


def done(
    request: HttpRequest,
    watchlist: Watchlist,
    facts: Mapping[str, Any],
    *,
    status: int = 200,
    words: str = "",
    extra: str = "",
) -> HttpResponse:
    """`facts` are for JSON, `words` for a page without JavaScript, `extra` is HTML beside the list for htmx."""
    if wants_json(request):
        return JsonResponse({"watchlist": watchlist.pk, **facts}, status=status)
    if request.headers.get("HX-Request"):
        cleared = render_to_string("watchlist/_error.html", {"words": ""})
        return HttpResponse(render_fragment(f"watchlist/{watchlist.pk}") + cleared + extra, status=status)
    if words:
        messages.success(request, words)
    return to_page(watchlist)


def refused(request: HttpRequest, watchlist: Watchlist | None, refusal: Refused) -> HttpResponse:
    """422 with the words beside the field; without JavaScript on a page that leads back."""
    if wants_json(request):
        return JsonResponse({"errors": {refusal.field: [refusal.words]}}, status=422)
    if request.headers.get("HX-Request"):
        return HttpResponse(render_to_string("watchlist/_error.html", {"words": refusal.words}), status=422)
    return refusal_page(request, 422, "Nothing was changed", refusal.words, address_of(watchlist))


def address_of(watchlist: Watchlist | None) -> str:
    address = reverse("watchlist:page")
    return f"{address}?list={watchlist.pk}" if watchlist else address


def to_page(watchlist: Watchlist | None, query: str = "") -> HttpResponse:
    return redirect(address_of(watchlist) + query)
