from __future__ import annotations

from apps.live.consumers import LivePage

from .pages import DeskPage


class DeskConsumer(LivePage):
    page = DeskPage
