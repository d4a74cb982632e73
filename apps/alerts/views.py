"""Operations: how the transport does and what has fired, for staff."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.staff import for_staff
from apps.monitoring.pages import shown
from apps.monitoring.spans import LABELS, span_of

from .queries import ALERTS, CHARTS, TRADING, TRANSPORT, alert_curves, curves

DRAWN = {"health": CHARTS, "transport": TRANSPORT, "trading": TRADING, "alerts": ALERTS}
"""The charts of each dashboard; those of alerts stand on that of health."""


@require_safe
@for_staff
def operations(request: HttpRequest) -> HttpResponse:
    """The figures move by the page's line; the charts are asked for by themselves."""
    span = span_of(request.GET)
    context = {
        **shown(request.user, "operations", {}),
        "span": span,
        "spans": LABELS,
        "charts": {name: (title, unit) for name, (title, unit, _) in CHARTS.items()},
        "alert_charts": {name: (title, unit) for name, (title, unit, _) in ALERTS.items()},
        "alerts_url": f"{reverse('alerts:curves')}?span={span}&of=alerts",
    }
    return render(request, "alerts/operations.html", context)


@require_safe
@for_staff
def transport(request: HttpRequest) -> HttpResponse:
    """Connections, lateness and errors of the span."""
    return dashboard(request, "transport")


@require_safe
@for_staff
def trading(request: HttpRequest) -> HttpResponse:
    """Orders, fills and refusals of the span."""
    return dashboard(request, "trading")


def dashboard(request: HttpRequest, name: str) -> HttpResponse:
    span = span_of(request.GET)
    context = {
        **shown(request.user, name, {"span": span}),
        "name": name,
        "span": span,
        "spans": LABELS,
        "curves_url": f"{reverse('alerts:curves')}?span={span}&of={name}",
        "charts": {each: (title, unit) for each, (title, unit, _) in DRAWN[name].items()},
    }
    return render(request, f"alerts/{name}.html", context)


@require_safe
@for_staff
def curves_json(request: HttpRequest) -> JsonResponse:
    """Seconds since the epoch, and each chart's figures; null where nothing is known."""
    of, span, now = request.GET.get("of", "health"), span_of(request.GET), timezone.now()
    if of not in DRAWN:
        raise Http404("No such charts")
    return JsonResponse(alert_curves(span, now) if of == "alerts" else curves(span, now, DRAWN[of]))
