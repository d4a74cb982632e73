from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from .health import present_report


@require_safe
async def health(request: HttpRequest) -> JsonResponse:
    """200 when healthy or degraded, 503 when not."""
    status, report = await present_report()
    return JsonResponse(report, status=status, headers={"Cache-Control": "no-store"})
