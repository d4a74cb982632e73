from __future__ import annotations

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import condition, require_safe
from django.views.decorators.vary import vary_on_headers

from . import answers
from .api import describe
from .openapi.document import served


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
