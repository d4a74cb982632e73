"""The socket of the portfolio page."""

from __future__ import annotations

from apps.live.consumers import LivePage

from .pages import PortfolioPage


class PortfolioConsumer(LivePage):
    page = PortfolioPage
