"""What the frame of every page shows; no SQL beyond the user of the request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from .discord import discord_problem
from .forms import DENSITIES, PALETTES, THEMES
from .profile import initials

LOOKS = {"theme": THEMES, "density": DENSITIES, "palette": PALETTES}


def chosen(request: HttpRequest, name: str, choices: Iterable[str]) -> str:
    """What the cookie says, if that is a choice; else the first choice."""
    first, *others = choices
    value = request.COOKIES.get(name, first)
    return value if value in others else first


def frame(request: HttpRequest) -> dict[str, Any]:
    user: Any = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    problem = discord_problem()
    return {
        **{name: chosen(request, name, choices) for name, choices in LOOKS.items()},
        "display_name": user.shown_name if known else "",
        "initials": initials(user.shown_name) if known else "",
        "avatar_url": user.avatar_url if known else "",
        "time_zone": user.time_zone if known else "UTC",
        "paper": True,
        "discord_enabled": not problem,
        "discord_problem": problem,
        "demo_enabled": settings.DEMO_SIGN_IN,
        "release": settings.RELEASE,
    }
