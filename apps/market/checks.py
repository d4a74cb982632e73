"""What `check` says of the market's settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from .feeds import FeedError
from .feeds.setting import check_setting


@register
def feed_setting(app_configs: Any, **kwargs: Any) -> list[Error]:
    try:
        check_setting(settings)
    except FeedError as error:
        return [Error(str(error), id="market.E001")]
    return []
