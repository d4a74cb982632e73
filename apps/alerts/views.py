"""Operations: how the transport does and what has fired, for staff."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.staff import for_staff

from .queries import CHARTS, SPANS, alert_figures, curves, latest


@require_safe
@for_staff
def operations(request: HttpRequest) -> HttpResponse:
    """The whole page; to htmx, every ten seconds, what moves besides the charts."""
    now, span = timezone.now(), span_of(request)
    context = {
        "now": now,
        "span": span,
        "spans": {name: label for name, (label, _) in SPANS.items()},
        "charts": {name: (title, unit) for name, (title, unit, _) in CHARTS.items()},
        "sample": latest(),
        "alerts": alert_figures(now),
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, "alerts/_figures.html" if part else "alerts/operations.html", context)


@require_safe
@for_staff
def curves_json(request: HttpRequest) -> JsonResponse:
    """Seconds since the epoch, and each chart's figures; null where nothing is known."""
    return JsonResponse(curves(span_of(request), timezone.now()))


def span_of(request: HttpRequest) -> str:
    span = request.GET.get("span", "hour")
    if span not in SPANS:
        raise Http404("No such span")
    return span
