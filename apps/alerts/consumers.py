"""The socket of the operations page."""

from __future__ import annotations

from apps.live.consumers import LivePage

from .pages import OperationsPage


class OperationsConsumer(LivePage):
    page = OperationsPage
