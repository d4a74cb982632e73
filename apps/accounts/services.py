"""The only writer of users and of what they choose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q

from apps.audit.services import record
from apps.live.announce import announce
from apps.live.kinds import event_kinds
from apps.live.topics import user_stream

from .hooks import suspend_hooks
from .models import User

event_kinds(
    "access",
    {"suspended": "an admin took the user's access away", "reinstated": "an admin gave the user's access back"},
)


class NotPossible(ValueError):
    """Why this user cannot be suspended or reinstated by this admin."""


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


@transaction.atomic
def end_session(user: Any, session_id: int) -> None:
    """End one of the user's own sessions. Raises UserSession.DoesNotExist for anybody else's."""
    UserSession.objects.get(user=user, pk=session_id).end()
    record("session.ended", user.username, {"session": str(session_id)})


@transaction.atomic
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


@transaction.atomic
def suspend(user: User, by: User, reason: str, now: datetime) -> str:
    """Deactivates the user, ends every session and what the hooks end; sockets close when that commits.

    Gives what was done in words, empty for who is suspended already. Raises NotPossible.
    """
    locked = lock_both(user, by)
    if not locked.is_active:
        return ""
    sessions = list(UserSession.objects.filter(user=locked))
    for session in sessions:
        session.end()
    locked.is_active = False
    locked.set_unusable_password()  # another than before: no session is believed any more, listed or not
    locked.save(update_fields=["is_active", "password"])
    count = len(sessions)
    ended = [f"{count} session{'' if count == 1 else 's'} ended", *(hook(locked, now) for hook in suspend_hooks)]
    announce(user_stream(locked.pk), "access.suspended", {"reason": reason})
    return keep(locked, by, "suspended", f"Active: yes → no; Reason: {reason}; {'; '.join(ended)}")


@transaction.atomic
def reinstate(user: User, by: User, reason: str) -> str:
    """Lets the user sign in again; sessions and orders that were ended stay so. Answers and raises as `suspend`."""
    locked = lock_both(user, by)
    if locked.is_active:
        return ""
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    announce(user_stream(locked.pk), "access.reinstated", {"reason": reason})
    return keep(locked, by, "reinstated", f"Active: no → yes; Reason: {reason}")


def lock_both(user: User, by: User) -> User:
    """The user, locked, once nothing speaks against it: of two admins who suspend each other the second cannot."""
    rows = User.objects.select_for_update(no_key=True).filter(Q(pk=user.pk) | Q(pk=by.pk)).order_by("pk")
    people = {one.pk: one for one in rows}
    locked, admin = people[user.pk], people[by.pk]
    if locked.pk == admin.pk:
        raise NotPossible("Nobody suspends themself: the desk could be left without an admin")
    if not admin.is_active:
        raise NotPossible("You have been suspended yourself meanwhile")
    if locked.is_superuser and not admin.is_superuser:
        raise NotPossible(f"{locked.shown_name} is a superuser: only another superuser may do that")
    return locked


def keep(user: User, by: User, what: str, change: str) -> str:
    """Puts it on record, and gives the words of it."""
    record(f"user.{what}", by.username, {"user": user.username, "change": change})
    return change
