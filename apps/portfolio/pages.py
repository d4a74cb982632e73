"""What the portfolio page shows live: the account of who asks, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.live.pages import Page

from .queries import account_id

SHOWN = ("account", "positions", "breakdown", "ledger")


class PortfolioPage(Page):
    name = "portfolio"

    def topics(self, user: Any, params: Mapping[str, str]) -> list[str]:
        account = account_id.of(user)
        return [f"{kind}/{account}" for kind in SHOWN] if account else []
