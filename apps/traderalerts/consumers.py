"""The socket of the alerts page."""

from __future__ import annotations

from apps.live.consumers import LivePage

from .pages import AlertsPage


class AlertsConsumer(LivePage):
    page = AlertsPage
