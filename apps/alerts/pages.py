"""What the page of operations shows live: to staff alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.accounts.staff import may_watch
from apps.live.pages import Page

from .fragments import TOPIC


class OperationsPage(Page):
    name = "operations"

    def allows(self, user: Any, session: Callable[[], Mapping[str, Any]]) -> bool:
        return may_watch(user, session)

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        return [TOPIC]
