"""What `check` says of the market's settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import Error, Warning, register
from django.utils import timezone

from .feeds import FeedError
from .feeds.setting import check_setting
from .hours import NAMES, calendar_named

LEFT = timedelta(days=183)


@register
def feed_setting(app_configs: Any, **kwargs: Any) -> list[Error]:
    try:
        check_setting(settings)
    except FeedError as error:
        return [Error(str(error), id="market.E001")]
    return []


@register
def calendar_ends(app_configs: Any, **kwargs: Any) -> list[Warning]:
    calendar = calendar_named(settings.MARKET_CALENDAR) if settings.MARKET_CALENDAR in NAMES else None
    if calendar is None or not calendar.has_hours or calendar.upcoming(timezone.now() + LEFT) is not None:
        return []
    words = f"The sessions of {calendar.name} are known for less than {LEFT.days} days to come"
    return [Warning(words, hint="Take a newer release, or run python -m tools.calendars", id="market.W001")]
