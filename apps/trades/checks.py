"""What `check` says of the broker's settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from apps.desk.commission import parse_commission


@register
def commission_setting(app_configs: Any, **kwargs: Any) -> list[Error]:
    try:
        parse_commission(settings.COMMISSION)
    except ValueError as error:
        return [Error(f"COMMISSION: {error}", id="trades.E001")]
    return []
