"""The socket of every dashboard."""

from __future__ import annotations

from apps.live.consumers import LivePage

from .pages import OperationsPage


class OperationsConsumer(LivePage):
    page = OperationsPage
