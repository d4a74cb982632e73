"""The alerts page and the commands that change alerts: plain forms, answered with the page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.answers import MalformedBody, fields_of, form_of, refusal, signed_in, wants_json

from . import queries, services, trying, words
from .forms import AlertForm, SettingsForm, no_direct, shown_webhook, typed_of
from .models import AlertSettings, Kind, TraderAlert
from .pages import AlertsPage
from .terms import Refused

PAGE = "traderalerts:page"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def page(request: HttpRequest) -> HttpResponse:
    """The list and the form; `?symbol=AAPL` fills it in. A post makes an alert: 201 as JSON, 422 beside the fields."""
    if request.method != "POST":
        asked = {"kind": Kind.PRICE_ABOVE.value, "symbol": request.GET.get("symbol", "")[:32]}
        return draw(request, typed=asked)
    return answered(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest, alert_id: int) -> HttpResponse:
    """The page with this alert in the form; a post has it wait anew by what was typed."""
    alert = own(request, alert_id)
    if request.method != "POST":
        return draw(request, typed=typed_of(alert), alert=alert)
    return answered(request, alert)


def answered(request: HttpRequest, alert: TraderAlert | None) -> HttpResponse:
    try:
        typed = fields_of(request)
    except MalformedBody as error:
        return JsonResponse({"errors": {"body": [str(error)]}}, status=400)
    form, now = AlertForm(typed), timezone.now()
    if not form.is_valid():
        return refused(request, form.errors.get_json_data(), typed, alert)
    if alert is None:
        result = services.make_alert(request.user, form.terms(), now)
    else:
        result = services.change_alert(alert, form.terms(), now)
    if isinstance(result, Refused):
        return refused(request, {name: [{"message": text}] for name, text in result.errors.items()}, typed, alert)
    return done(request, result, f"Waiting: {words.waits_for(result)}.", 200 if alert else 201)


@require_POST
@signed_in
def delete(request: HttpRequest, alert_id: int) -> HttpResponse:
    alert = own(request, alert_id)
    services.delete_alert(alert)
    if wants_json(request):
        return JsonResponse({"deleted": alert_id})
    messages.success(request, "Alert deleted.")
    return redirect(PAGE)


@require_POST
@signed_in
def acknowledge(request: HttpRequest, alert_id: int) -> HttpResponse:
    alert = own(request, alert_id)
    services.acknowledge(alert, timezone.now())
    return done(request, own(request, alert_id), "Acknowledged.")


@require_POST
@signed_in
def turn(request: HttpRequest, alert_id: int) -> HttpResponse:
    """`to=on` or `to=off`."""
    alert, to = own(request, alert_id), form_of(request).get("to")
    if to == "off":
        services.turn_off(alert)
        return done(request, own(request, alert_id), "Turned off.")
    if to != "on":
        return refusal(request, 422, "Nothing was changed", "An alert is turned on or off.", "/alerts/")
    result = services.turn_on(alert, timezone.now())
    if isinstance(result, Refused):
        return refused(
            request, {name: [{"message": text}] for name, text in result.errors.items()}, typed_of(alert), alert
        )
    return done(request, own(request, alert_id), "Turned on.")


@require_POST
@signed_in
def keep_settings(request: HttpRequest) -> HttpResponse:
    form = SettingsForm(form_of(request), queries.settings_of(request.user))
    if not form.is_valid():
        errors = {name: [each["message"] for each in found] for name, found in form.errors.get_json_data().items()}
        if wants_json(request):
            return JsonResponse({"errors": errors}, status=422)
        return draw(request, settings_typed=form_of(request), settings_errors=first_of(errors), status=422)
    services.save_settings(form.save_to())
    if wants_json(request):
        return JsonResponse({"way": form.row.way})
    messages.success(request, "Saved: how alerts reach you.")
    return redirect(PAGE)


@require_POST
@signed_in
def try_way(request: HttpRequest) -> HttpResponse:
    """Sends a sample by the way that is kept, at once; the answer says what became of it."""
    row = queries.settings_of(request.user)
    if not trying.may_try(row.user_id):
        tried, status = (
            trying.Tried(False, f"One test in {trying.SECONDS} seconds is enough. Wait, then try again."),
            429,
        )
    else:
        tried = trying.try_way(row)
        status = 200 if tried.sent else 422
    answer = answer_to_test(request, tried, status)
    if status == 429:
        answer["Retry-After"] = str(trying.SECONDS)
    return answer


def answer_to_test(request: HttpRequest, tried: trying.Tried, status: int) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"sent": tried.sent, "detail": tried.words}, status=status)
    if request.headers.get("HX-Request"):
        return render(request, "traderalerts/_tried.html", {"tried": tried}, status=status)
    return draw(request, tried=tried, status=status)


def draw(
    request: HttpRequest,
    *,
    typed: Any = None,
    errors: dict[str, str] | None = None,
    alert: TraderAlert | None = None,
    settings_typed: Any = None,
    settings_errors: dict[str, str] | None = None,
    tried: trying.Tried | None = None,
    status: int = 200,
) -> HttpResponse:
    shown, row = AlertsPage.registry[AlertsPage.name], queries.settings_of(request.user)
    context = {
        "page": shown,
        "live": shown.draw(request.user, {}),
        "topic": f"alerts/{request.user.pk}",
        "kinds": Kind.choices,
        "typed": typed or {"kind": Kind.PRICE_ABOVE.value},
        "errors": errors or {},
        "alert": alert,
        "no_direct": (lacking := no_direct(request.user)),
        "ways": offered(row, lacking),
        "kept": settings_typed or kept_of(row),
        "kept_errors": settings_errors or {},
        "stopped": row.stopped,
        "tried": tried,
        "most": services.MOST,
    }
    return render(request, "traderalerts/alerts.html", context, status=status)


def offered(row: AlertSettings, no_direct: str) -> list[tuple[str, str]]:
    """The ways to choose from; one that is chosen stays in sight, whatever it lacks by now."""
    direct = AlertSettings.Way.DIRECT
    return [
        (way, label) for way, label in AlertSettings.Way.choices if way != direct or not no_direct or row.way == way
    ]


def kept_of(row: AlertSettings) -> dict[str, str]:
    times = {name: getattr(row, name) for name in ("quiet_from", "quiet_until")}
    clock = {name: f"{value:%H:%M}" if value else "" for name, value in times.items()}
    return {"way": row.way, "webhook": shown_webhook(row), **clock}


def refused(request: HttpRequest, found: Any, typed: Any, alert: TraderAlert | None) -> HttpResponse:
    errors = {name: [each["message"] for each in each_of] for name, each_of in found.items()}
    if wants_json(request):
        return JsonResponse({"errors": errors}, status=422)
    return draw(request, typed=typed, errors=first_of(errors), alert=alert, status=422)


def first_of(errors: dict[str, list[str]]) -> dict[str, str]:
    return {name: found[0] for name, found in errors.items()}


def done(request: HttpRequest, alert: TraderAlert, said: str, status: int = 200) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"id": alert.pk, "state": alert.state}, status=status)
    messages.success(request, said)
    return redirect(PAGE)


def own(request: HttpRequest, alert_id: int) -> TraderAlert:
    try:
        return queries.own_alert(request.user, alert_id)
    except TraderAlert.DoesNotExist:
        raise Http404("No such alert") from None
