from __future__ import annotations

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from . import answers
from .api import describe


@require_safe
async def health(request: ASGIRequest) -> HttpResponse:
    """200 when healthy or degraded, 503 when not."""
    status, content_type, body = await answers.health(dict(request.scope))
    return HttpResponse(body, content_type=content_type, status=status, headers={"Cache-Control": "no-store"})


@require_safe
def api(request: HttpRequest) -> JsonResponse:
    """What a program can ask of this desk, and how much."""
    return JsonResponse(describe(), headers={"Cache-Control": "no-store"})
