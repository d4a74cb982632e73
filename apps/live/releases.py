"""The news of a release: on every page of a user until that user has put them away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import get_template

from .announce import announce
from .fragments import Fragment
from .models import Dismissal
from .moments import micros
from .topics import user_stream


@cache
def has_news(release: str) -> bool:
    """Whether there is a page of news for it."""
    try:
        get_template(f"live/releases/{release}.html")
    except TemplateDoesNotExist:
        return False
    return True


def dismiss(user_id: int, release: str) -> None:
    """The user has seen the news of the release; every tab puts them away."""
    with transaction.atomic():
        Dismissal.objects.update_or_create(user_id=user_id, defaults={"release": release})
        announce(user_stream(user_id), "release.dismissed", {"release": release}, topics=[f"release/{user_id}"])


class ReleaseNews(Fragment):
    """Empty for who has put this release's news away."""

    kind = "release"
    template = "live/_release.html"

    def load_many(self, keys: Sequence[str]) -> dict[str, int]:
        """When each has put them away (µs); 0: not yet."""
        seen = Dismissal.objects.filter(user_id__in=[int(key) for key in keys], release=settings.RELEASE)
        dismissed = dict(seen.values_list("user_id", "at"))
        return {key: micros(dismissed[int(key)]) if int(key) in dismissed else 0 for key in keys}

    def context(self, key: str, facts: int) -> dict[str, Any]:
        news = "" if facts or not has_news(settings.RELEASE) else f"live/releases/{settings.RELEASE}.html"
        return {"user_id": key, "news": news, "release": settings.RELEASE, "ts": facts}
