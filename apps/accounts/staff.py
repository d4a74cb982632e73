"""Doors for staff: who they open to, and the second factor that they ask for first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import wraps
from types import SimpleNamespace
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from apps import telemetry
from apps.live.asking import View
from apps.live.endings import CHANGED, tell
from apps.live.limits import ip_of

from .answers import refusal, signed_in, wants_json

SET_UP = "Staff need two-factor sign-in here. Set it up, then open the page again."
CONFIRM = "Staff need two-factor sign-in here. Type a code of your app to go on."


def for_staff(view: View) -> View:
    """To anybody else the page is not there."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_staff:
            telemetry.requests_refused.labels("operations").inc()
            raise Http404("Staff only")
        return view(request, *args, **kwargs)

    return signed_in(second_factor_first(checked))


def second_factor_first(view: View) -> View:
    """Leads staff whose session has shown no second factor to where it can; with `STAFF_MFA` off it asks nothing."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.STAFF_MFA or not getattr(request.user, "is_staff", False):
            return view(request, *args, **kwargs)
        if not has_set_it_up(request.user):
            return led_to(request, reverse("mfa_activate_totp"), SET_UP)
        if not has_shown_it(request.user, request.session):
            onward = request.get_full_path() if request.method in {"GET", "HEAD"} else request.path
            return led_to(request, f"{reverse('mfa_reauthenticate')}?{urlencode({'next': onward})}", CONFIRM)
        return view(request, *args, **kwargs)

    return checked


def from_known_networks(view: View) -> View:
    """With `ADMIN_NETWORKS` the page is there for who asks from one of them; else it asks nothing."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.ADMIN_NETWORKS and not is_from_there(request):
            telemetry.requests_refused.labels("admin").inc()
            raise Http404("Not from this network")
        return view(request, *args, **kwargs)

    return checked


def is_from_there(request: HttpRequest) -> bool:
    """By the address that the outermost proxy saw. Who speaks for others and is not believed is from nowhere."""
    if getattr(request, "scope", {}).get("forwarded"):
        return False
    try:
        ip = ip_of(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(ip in network for network in settings.ADMIN_NETWORKS)


def has_set_it_up(user: Any) -> bool:
    return bool(is_mfa_enabled(user, types=[Authenticator.Type.TOTP]))


def has_shown_it(user: Any, session: Mapping[str, Any]) -> bool:
    """Within `STAFF_MFA_HOURS`. A session from before it was set up elsewhere has not, whoever holds it."""
    request: Any = SimpleNamespace(session=session)  # nothing else of a request is asked
    since = time.time() - settings.STAFF_MFA_HOURS * 3600
    records = get_authentication_records(request, user)
    return any(record.get("method") == "mfa" and record.get("at", 0) > since for record in records)


def may_watch(user: Any, session: Callable[[], Mapping[str, Any]]) -> bool:
    """For lines and polls, which can lead nobody anywhere: staff, with the second factor where it is asked for."""
    return user.is_staff and (not settings.STAFF_MFA or (has_set_it_up(user) and has_shown_it(user, session())))


def led_to(request: HttpRequest, address: str, words: str) -> HttpResponse:
    if wants_json(request):
        return refusal(request, 403, "Two-factor sign-in needed", words)
    messages.warning(request, words)
    return HttpResponseClientRedirect(address) if request.headers.get("HX-Request") else redirect(address)


def shown_by_setting_up(
    sender: Any, request: HttpRequest, user: Any, authenticator: Authenticator, **more: Any
) -> None:
    """Who sets it up has typed a code of it: that session need not type another."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


def second_factor_gone(sender: Any, instance: Authenticator, **more: Any) -> None:
    """Whoever took it away: lines that asked for it when they were opened are asked again."""
    tell(CHANGED, [instance.user_id])
