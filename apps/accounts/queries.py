"""Where a user is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

# In this order: Edge and Opera also say Chrome, Chrome also says Safari
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class OpenSession:
    """One browser that is signed in."""

    id: int
    started_at: datetime
    address: str
    browser: str
    current: bool


def open_sessions(user: Any, current_key: str | None) -> list[OpenSession]:
    """Oldest first; a session that has ended elsewhere is not listed."""
    rows = list(UserSession.objects.filter(user=user).order_by("created_at", "id"))
    living = set(
        Session.objects.filter(
            session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    return [
        OpenSession(row.pk, row.created_at, row.ip, browser_of(row.user_agent), key == current_key)
        for row in rows
        if (key := row.session_key) in living
    ]


def lasting(rows: QuerySet[UserSession]) -> QuerySet[UserSession]:
    """Those of the rows whose session has not ended or run out."""
    return rows.filter(session_key__in=Session.objects.filter(expire_date__gt=timezone.now()).values("session_key"))


def discord_id_of(user: Any) -> str:
    """By which Discord knows the user; empty for who never signed in through it."""
    ids = SocialAccount.objects.filter(user=user, provider="discord").order_by("pk").values_list("uid", flat=True)
    return ids.first() or ""


def browser_of(user_agent: str) -> str:
    """The browser and system that a user agent claims, in two words: enough to know one's own."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "Unknown browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
