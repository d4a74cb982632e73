"""Whether Discord sign-in is set up, and the way in through it."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.discord.views import DiscordOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest

from .profile import SNOWFLAKE

API = "https://discord.com/api/v10"
KEPT = ("id", "username", "global_name", "avatar", "bot", "system", "email", "verified")


def discord_problem() -> str:
    """Why there is no Discord button, in words for the operator; empty when there is one."""
    client_id, secret = settings.DISCORD_CLIENT_ID, settings.DISCORD_CLIENT_SECRET
    if not client_id and not secret:
        return "DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET are not set"
    if not client_id:
        return "DISCORD_CLIENT_SECRET is set, but DISCORD_CLIENT_ID is not"
    if not SNOWFLAKE.fullmatch(client_id):
        return f"DISCORD_CLIENT_ID is {client_id!r}; it must be the application's id, 17 to 20 digits"
    if not secret:
        return "DISCORD_CLIENT_ID is set, but DISCORD_CLIENT_SECRET is not"
    return ""


def discord_ready() -> bool:
    return not discord_problem()


class DiscordDoor(DiscordOAuth2Adapter):  # type: ignore[misc]
    """Allauth's Discord adapter, except that it believes only a whole answer about a person."""

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        with get_adapter().get_requests_session() as web:
            answer = web.get(self.profile_url, headers={"Authorization": f"Bearer {token.token}"})
        answer.raise_for_status()
        profile = answer.json()
        if not isinstance(profile, dict) or not SNOWFLAKE.fullmatch(str(profile.get("id"))):
            raise ProviderException("Discord's answer names no user")
        kept = {name: profile[name] for name in KEPT if name in profile}
        return self.get_provider().sociallogin_from_response(request, kept)


def api_base() -> str:
    """Where Discord's API is asked."""
    return settings.DISCORD_API_BASE or API


def speak_to(base: str) -> None:
    """Let sign-in speak to another server than Discord's: a test's own, on loopback."""
    DiscordOAuth2Adapter.authorize_url = f"{base}/oauth2/authorize"
    DiscordOAuth2Adapter.access_token_url = f"{base}/oauth2/token"
    DiscordOAuth2Adapter.profile_url = f"{base}/users/@me"
