"""The socket of the orders page."""

from __future__ import annotations

from apps.live.consumers import LivePage

from .fragments import TradesPage


class TradesConsumer(LivePage):
    page = TradesPage
