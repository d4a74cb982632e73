"""What the desk knows of its use, for staff; what pages tell of theirs; and the wish not to be counted."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.answers import form_of, refusal, signed_in
from apps.accounts.staff import for_staff
from apps.monitoring.pages import shown
from apps.monitoring.spans import LABELS, span_of

from . import queries, services
from .counting import is_counted, tray
from .forms import ChoiceForm, LeftForm
from .fragments import Engagement
from .models import Count

Kind = Count.Kind
USUAL = Engagement.usual


@require_safe
@for_staff
def engagement(request: HttpRequest) -> HttpResponse:
    """The figures move by the page's line; the charts are asked for by themselves."""
    span = span_of(request.GET, USUAL)
    context = {
        **shown(request.user, "engagement", {"span": span}),
        "name": "engagement",
        "span": span,
        "spans": LABELS,
        "charts": queries.CHARTS if span in queries.BY_DAY else {},
        "curves_url": f"{reverse('usage:days')}?span={span}",
        "days": True,
        "hour_charts": queries.HOUR_CHARTS if span in queries.BY_HOUR else {},
        "hours_url": f"{reverse('usage:hours')}?span={span}",
    }
    return render(request, "usage/engagement.html", context)


@require_safe
@for_staff
def days_json(request: HttpRequest) -> JsonResponse:
    """Seconds since the epoch of each day, and each chart's figures; null where nothing is known."""
    return JsonResponse(queries.days(span_of(request.GET, USUAL, queries.BY_DAY), timezone.now().date()))


@require_safe
@for_staff
def hours_json(request: HttpRequest) -> JsonResponse:
    """The same by hour."""
    return JsonResponse(queries.hours(span_of(request.GET, USUAL, queries.BY_HOUR), timezone.now()))


@require_POST
@signed_in
def left(request: HttpRequest) -> HttpResponse:
    """A page was left: which one is known by its route alone."""
    form = LeftForm(form_of(request))
    try:
        name = resolve(urlsplit(request.headers.get("Referer", "")).path).view_name
    except Resolver404:
        name = ""
    if not name or not form.is_valid():
        return refusal(request, 422, "Not what a page says", "Its five numbers, from one of the desk's pages.")
    if is_counted(request, request.user):
        said = form.cleaned_data
        tray.add(Kind.LEFT, name)
        tray.add(Kind.STAY, name, said["ms"])
        tray.add(Kind.RELOAD, name, said["reload"])
        for what in ("shown", "closed", "followed"):
            tray.add(Kind.TOAST, what, said[what])
    return HttpResponse(status=204)


@require_POST
@signed_in
def choice(request: HttpRequest) -> HttpResponse:
    form = ChoiceForm(form_of(request))
    if not form.is_valid():
        return refusal(request, 422, "That cannot be set", "Choose yes or no.", reverse("account_settings"))
    counted = form.cleaned_data["counted"] == "yes"
    services.choose(request.user, counted)
    words = "Your use is counted from now on." if counted else "Your use is not counted any more."
    messages.success(request, words)
    return redirect("account_settings")
