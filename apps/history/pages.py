"""What the history shows live: the frame around it alone, for what is over does not move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.live.pages import Page


class HistoryPage(Page):
    name = "history"

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        return []
