"""The only writer of users and of what they choose."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession

from apps.audit.services import record

from .models import User


def refresh_profile(user: User, display_name: str, avatar_url: str, email: str) -> None:
    """Take over what a returning user has changed at Discord."""
    user.display_name, user.avatar_url, user.email = display_name, avatar_url, email
    user.save(update_fields=["display_name", "avatar_url", "email"])


def set_time_zone(user: Any, time_zone: str) -> None:
    user.time_zone = time_zone
    user.save(update_fields=["time_zone"])


def set_counted(user: Any, counted: bool) -> None:
    user.counted = counted
    user.save(update_fields=["counted"])


def end_session(user: Any, session_id: int) -> None:
    """End one of the user's own sessions. Raises UserSession.DoesNotExist for anybody else's."""
    UserSession.objects.get(user=user, pk=session_id).end()
    record("session.ended", user.username, {"session": str(session_id)})


def make_admin(discord_id: str) -> User:
    """Raises SocialAccount.DoesNotExist when that person has never signed in."""
    user: User = SocialAccount.objects.select_related("user").get(provider="discord", uid=discord_id).user
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    record("made_admin", "", {"user": user.username})
    return user


def demo_trader(name: str) -> User:
    """The demo's trader of that name, made at first need; `admin` may do everything."""
    user, created = User.objects.get_or_create(username=name, defaults={"display_name": name.capitalize()})
    if created:
        user.set_unusable_password()
        user.is_staff = user.is_superuser = name == "admin"
        user.save()
    return user
