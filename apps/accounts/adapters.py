"""How allauth opens accounts here: through Discord alone, by Discord's id and never by e-mail."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.http import HttpRequest

from .answers import refusal
from .discord import discord_ready
from .models import User
from .profile import avatar_url, clean_name
from .sealing import seal, unseal
from .services import refresh_profile


class ClosedAccounts(DefaultAccountAdapter):  # type: ignore[misc]
    """No sign-up of our own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether to go on to what was asked for: an address, for what is none of ours is no name of a view either."""
        try:
            return (url or "").startswith(("/", "http://", "https://")) and bool(super().is_safe_url(url))
        except ValueError:  # half of an IPv6 address
            return False


class DiscordAccounts(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """A Discord user is one user of ours, found by the Discord id."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        if not discord_ready() or provider not in {None, "discord"}:
            return []
        return [
            SocialApp(
                provider="discord",
                name="Discord",
                client_id=settings.DISCORD_CLIENT_ID,
                secret=settings.DISCORD_CLIENT_SECRET,
            )
        ]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        profile = sociallogin.account.extra_data
        if profile.get("bot") or profile.get("system"):
            words = "Bots and system users of Discord cannot trade here. Sign in with a person's account."
            raise ImmediateHttpResponse(refusal(request, 403, "Not a person's account", words))
        if sociallogin.state.get("process") != "login":
            words = "A second Discord account cannot be joined to this one. Sign out, then use the other."
            raise ImmediateHttpResponse(refusal(request, 403, "One Discord account each", words))
        if sociallogin.is_existing:
            refresh_profile(sociallogin.user, *shown(sociallogin))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = sociallogin.user
        user.username = f"discord-{sociallogin.account.uid}"
        user.display_name, user.avatar_url, user.email = shown(sociallogin)
        user.set_unusable_password()
        return user


def shown(sociallogin: SocialLogin) -> tuple[str, str, str]:
    """Display name, avatar and e-mail (only one that Discord has verified) of who signs in."""
    profile = sociallogin.account.extra_data
    name = clean_name(profile.get("global_name")) or clean_name(profile.get("username"))
    email = profile.get("email") if profile.get("verified") is True else ""
    return name, avatar_url(sociallogin.account.uid, profile.get("avatar")), clean_email(email)


def clean_email(email: object) -> str:
    return email if isinstance(email, str) and email.isprintable() and len(email) <= 254 else ""


class SealedAuthenticators(DefaultMFAAdapter):  # type: ignore[misc]
    """Two-factor secrets are sealed before they are stored."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def _get_user_identifier(self, user: User) -> str:
        return user.shown_name
