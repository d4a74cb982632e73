"""What the alerts page shows live: the trader's own list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.live.pages import Page


class AlertsPage(Page):
    name = "alerts"

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        return [f"alerts/{user.pk}"]
