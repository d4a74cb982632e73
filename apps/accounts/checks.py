"""Settings that would let the wrong people in, or nobody, are told at start."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from .discord import discord_problem

LEAST_KEY = 50


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def public_hosts() -> list[str]:
    """The hosts of ALLOWED_HOSTS that others than this machine can reach."""
    return [host for host in settings.ALLOWED_HOSTS if not is_loopback(host)]


@register("security")
def check_sign_in(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The doors: the demo's, Discord's, and a server that stands in for Discord."""
    found: list[CheckMessage] = []
    hosts = public_hosts()
    if settings.DEMO_SIGN_IN and hosts:
        found.append(
            Error(
                f"DEMO_SIGN_IN lets anybody in as admin, and ALLOWED_HOSTS names {', '.join(hosts)}",
                hint="Set DEMO_SIGN_IN=off, or keep ALLOWED_HOSTS to localhost and 127.0.0.1.",
                id="accounts.E001",
            )
        )
    base = settings.DISCORD_API_BASE
    trusted = is_loopback(urlsplit(base).hostname or "") and (settings.DEMO_SIGN_IN or settings.DEBUG)
    if base and not trusted:
        found.append(
            Error(
                f"DISCORD_API_BASE is {base!r}: whoever runs that server can sign in as anybody",
                hint="Unset it. Only tests use it, on loopback and with DEMO_SIGN_IN or DEBUG on.",
                id="accounts.E002",
            )
        )
    if hosts and not settings.STAFF_MFA and not settings.DEMO_SIGN_IN:
        found.append(
            Warning(
                "STAFF_MFA is off: who holds the Discord account of one of the staff holds the desk",
                hint="Leave STAFF_MFA unset, or set it to on.",
                id="accounts.W003",
            )
        )
    problem = discord_problem()
    absent = not settings.DISCORD_CLIENT_ID and not settings.DISCORD_CLIENT_SECRET
    if problem and not (absent and settings.DEMO_SIGN_IN):
        found.append(
            Warning(
                f"There is no Discord button: {problem}",
                hint="Copy both from https://discord.com/developers/applications, OAuth2.",
                id="accounts.W001",
            )
        )
    return found


@register("security")
def check_transport(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The key that signs sessions, and the line they travel on."""
    found: list[CheckMessage] = []
    if not settings.EMBEDDED and len(settings.SECRET_KEY) < LEAST_KEY:
        found.append(
            Error(
                f"SECRET_KEY has {len(settings.SECRET_KEY)} characters; it must have at least {LEAST_KEY}",
                hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
                id="accounts.E003",
            )
        )
    if not settings.HTTPS and (hosts := public_hosts()):
        found.append(
            Warning(
                f"HTTPS is off and ALLOWED_HOSTS names {', '.join(hosts)}: sessions travel in clear",
                hint="Set HTTPS=on, behind a proxy that ends TLS.",
                id="accounts.W002",
            )
        )
    return found
