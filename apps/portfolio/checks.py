"""What `check` says of the settings that performance is measured by."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from .yardsticks import risk_free


@register
def risk_free_setting(app_configs: Any, **kwargs: Any) -> list[Error]:
    try:
        risk_free(settings.RISK_FREE)
    except ValueError as error:
        return [Error(f"RISK_FREE: {error}", id="portfolio.E001")]
    return []
