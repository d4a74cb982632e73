"""Who may know more than how the desk is: this very machine, or who has the token."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http.request import validate_host
from django.utils.crypto import constant_time_compare

from apps.live.identity import header, host_of
from apps.live.limits import ip_of


def may_know(scope: dict[str, Any]) -> bool:
    return has_token(scope) or is_this_machine(scope)


def has_token(scope: dict[str, Any]) -> bool:
    kind, _, token = header(scope, b"authorization").partition(" ")
    known = bool(settings.METRICS_TOKEN)
    return known and kind.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN)


def is_this_machine(scope: dict[str, Any]) -> bool:
    """A peer on loopback that speaks for itself: a proxy there brings the whole world, whether it is known or not.

    It must also have asked for this machine by name: a page elsewhere could have a browser here ask (DNS rebinding).
    """
    client = scope.get("client")
    if settings.TRUSTED_PROXIES or scope.get("forwarded") or not client:
        return False
    try:
        own = ip_of(client[0]).is_loopback
    except ValueError:
        return False
    return own and validate_host(host_of(scope), settings.LOOPBACK)
