from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import condition, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from apps.accounts.answers import form_of, refusal
from apps.accounts.staff import for_staff

from . import answers, services
from .api import describe
from .connections import connected
from .openapi.document import served
from .pages import shown


@require_safe
async def health(request: ASGIRequest) -> HttpResponse:
    """200 when healthy or degraded, 503 when not."""
    status, content_type, body = await answers.health(dict(request.scope))
    return HttpResponse(body, content_type=content_type, status=status, headers={"Cache-Control": "no-store"})


@require_safe
def api(request: HttpRequest) -> JsonResponse:
    """What a program can ask of this desk, and how much."""
    return JsonResponse(describe(), headers={"Cache-Control": "no-store"})


@require_safe
@vary_on_headers("Accept-Encoding")
@condition(etag_func=lambda request: served()[-1])
def openapi(request: HttpRequest) -> HttpResponse:
    """Every address over HTTP, described; who has it already gets 304."""
    body, packed, _ = served()
    headers = {"Cache-Control": "no-cache"}
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return HttpResponse(body, content_type="application/json", headers=headers)
    return HttpResponse(packed, content_type="application/json", headers={**headers, "Content-Encoding": "gzip"})


@require_safe
@for_staff
def connections(request: HttpRequest) -> HttpResponse:
    """Every open socket, or those of one user; they follow by the page's line."""
    return render(request, "monitoring/connections.html", shown(request.user, "connections", asked_user(request)))


def asked_user(request: HttpRequest) -> dict[str, str]:
    return {"user": request.GET["user"]} if request.GET.get("user") else {}


@require_POST
@for_staff
def close(request: HttpRequest) -> HttpResponse:
    """Closes one socket by its `seat`, or all of a `user`; for who may change users."""
    again = reverse("monitoring:connections")
    by: Any = request.user
    if not by.has_perm("accounts.change_user"):
        return refusal(request, 403, "Not allowed", "Closing sockets is for those who may change users.", again)
    lines, seat, user_id = connected().lines, form_of(request).get("seat", ""), form_of(request).get("user", "")
    if seat:
        chosen = [line for line in lines if line.seat == seat]
        services.close_sockets(chosen, by)
        done = "The socket was closed." if chosen else "That socket is gone already."
    elif user := get_user_model().objects.filter(pk=int(user_id) if user_id.isdecimal() else 0).first():
        services.close_sockets_of(user, sum(line.user_id == user.pk for line in lines), by)
        done = f"The sockets of {user.username} were closed."
    else:
        return refusal(request, 422, "Nothing to close", "Say which socket, or whose.", again)
    messages.success(request, done)
    return redirect(again)
