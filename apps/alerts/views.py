"""Operations: how the transport does and what has fired, for staff."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.staff import for_staff

from . import dashboards
from .fragments import TOPIC
from .pages import OperationsPage
from .queries import CHARTS, SPANS, TRADING, TRANSPORT, counted, curves, latest

DRAWN = {"health": CHARTS, "transport": TRANSPORT, "trading": TRADING}
"""The charts of each dashboard."""


@require_safe
@for_staff
def operations(request: HttpRequest) -> HttpResponse:
    """The figures move by the page's line; the charts are asked for by themselves."""
    span, page = span_of(request), OperationsPage()
    context = {
        "page": page,
        "live": page.draw(request.user, {}),
        "topic": TOPIC,
        "span": span,
        "spans": {name: label for name, (label, _) in SPANS.items()},
        "charts": {name: (title, unit) for name, (title, unit, _) in CHARTS.items()},
    }
    return render(request, "alerts/operations.html", context)


@require_safe
@for_staff
def transport(request: HttpRequest) -> HttpResponse:
    """Connections, lateness and errors of the span; to htmx, every half minute, all but the charts."""
    span = span_of(request)
    return dashboard(request, "transport", span, dashboards.transport(counted(span, timezone.now())))


@require_safe
@for_staff
def trading(request: HttpRequest) -> HttpResponse:
    """Orders, fills and refusals of the span; to htmx, every half minute, all but the charts."""
    span = span_of(request)
    found = dashboards.trading(counted(span, timezone.now()))
    return dashboard(request, "trading", span, {**found, "sample": latest()})


def dashboard(request: HttpRequest, name: str, span: str, found: dict[str, Any]) -> HttpResponse:
    context = {
        **found,
        "name": name,
        "span": span,
        "curves_url": f"{reverse('alerts:curves')}?span={span}&of={name}",
        "spans": {each: label for each, (label, _) in SPANS.items()},
        "charts": {each: (title, unit) for each, (title, unit, _) in DRAWN[name].items()},
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, f"alerts/_{name}.html" if part else f"alerts/{name}.html", context)


@require_safe
@for_staff
def curves_json(request: HttpRequest) -> JsonResponse:
    """Seconds since the epoch, and each chart's figures; null where nothing is known."""
    charts = DRAWN.get(request.GET.get("of", "health"))
    if charts is None:
        raise Http404("No such charts")
    return JsonResponse(curves(span_of(request), timezone.now(), charts))


def span_of(request: HttpRequest) -> str:
    span = request.GET.get("span", "hour")
    if span not in SPANS:
        raise Http404("No such span")
    return span
