"""The socket of the history page."""

from __future__ import annotations

from apps.live.consumers import LivePage

from .pages import HistoryPage


class HistoryConsumer(LivePage):
    page = HistoryPage
