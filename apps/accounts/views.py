"""Signing in and out, and a trader's settings."""

from __future__ import annotations

from zoneinfo import available_timezones

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.account.views import logout as leave
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import queries, services
from .answers import form_of, refusal, signed_in, wants_json
from .discord import DiscordDoor, discord_ready
from .forms import DENSITIES, PALETTES, THEMES, AppearanceForm, TimeZoneForm
from .limits import limited

DEMO_TRADERS = ("alice", "bob", "admin")
A_YEAR = 365 * 24 * 3600

oauth2_login = OAuth2LoginView.adapter_view(DiscordDoor)
oauth2_callback = OAuth2CallbackView.adapter_view(DiscordDoor)
end_others = ListUserSessionsView.as_view(success_url=reverse_lazy("account_settings"))


@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    """The one sign-in page: Discord, or why it is not offered, and the demo where there is one."""
    onward = get_next_redirect_url(request) or settings.LOGIN_REDIRECT_URL
    if request.user.is_authenticated:
        return redirect(onward)
    return render(request, "account/login.html", {"onward": onward})


@limited("demo", a_minute=60)
@require_POST
def demo(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's traders; there is no such door outside the embedded default."""
    if not settings.DEMO_SIGN_IN:
        raise Http404("The demo is off")
    name = form_of(request).get("trader", "")
    if name not in DEMO_TRADERS:
        words = "Choose alice, bob or admin."
        return refusal(request, 422, "No such demo trader", words, reverse("account_login"))
    onward = get_next_redirect_url(request) or settings.LOGIN_REDIRECT_URL
    user = services.demo_trader(name)
    if request.user.is_authenticated:
        get_adapter().logout(request)
    answer: HttpResponse = perform_login(request, user, email_verification="none", redirect_url=onward)
    if answer.status_code != 302 or not wants_json(request):  # a suspended trader's is a refusal
        return answer
    return JsonResponse({"trader": name, "next": answer["Location"]})


@limited("discord")
@require_http_methods(["GET", "POST"])
def discord_login(request: HttpRequest) -> HttpResponse:
    if not discord_ready():
        raise Http404("Discord sign-in is not set up")
    answer: HttpResponse = oauth2_login(request)
    return answer


@require_safe
def discord_callback(request: HttpRequest) -> HttpResponse:
    if not discord_ready():
        raise Http404("Discord sign-in is not set up")
    answer: HttpResponse = oauth2_callback(request)
    return answer


@require_http_methods(["GET", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """GET asks, POST signs out and has the browser forget what it kept of the desk."""
    answer: HttpResponse = leave(request)
    if request.method == "POST":
        answer["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@require_safe
@signed_in
def settings_page(request: HttpRequest) -> HttpResponse:
    context = {
        "sessions": queries.open_sessions(request.user, request.session.session_key),
        "two_factor": is_mfa_enabled(request.user),
        "themes": THEMES,
        "densities": DENSITIES,
        "palettes": PALETTES,
        "zones": sorted(available_timezones()),
    }
    return render(request, "accounts/settings.html", context)


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Looks are the browser's, not the account's: they are kept in cookies, for signed-out pages too."""
    form = AppearanceForm(form_of(request))
    if not form.is_valid():
        return refused_form(request, form)
    answer = redirect("account_settings" if request.user.is_authenticated else "/")
    for name, value in form.cleaned_data.items():
        answer.set_cookie(name, value, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return answer


@require_POST
@signed_in
def time_zone(request: HttpRequest) -> HttpResponse:
    form = TimeZoneForm(form_of(request))
    if not form.is_valid():
        return refused_form(request, form)
    services.set_time_zone(request.user, form.cleaned_data["time_zone"])
    messages.success(request, f"Saved: your time zone is {form.cleaned_data['time_zone']}.")
    return redirect("account_settings")


@require_POST
@signed_in
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    try:
        services.end_session(request.user, session_id)
    except UserSession.DoesNotExist as error:
        raise Http404("No such session") from error
    messages.success(request, "That session is signed out.")
    return redirect("account_settings")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """All but this one, by allauth; what is open stands in the settings."""
    if request.method != "POST":
        return redirect("account_settings")
    answer: HttpResponse = end_others(request)
    return answer


def refused_form(request: HttpRequest, form: forms.Form) -> HttpResponse:
    words = " ".join(str(text) for texts in form.errors.values() for text in texts)
    return refusal(request, 422, "That cannot be set", words, reverse("account_settings"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = "This page is older than your sign-in, or cookies were blocked. Reload the page and try again."
    return refusal(request, 403, "Nothing was done", words, request.path if request.method == "GET" else "/")
