"""The socket of the watchlist page."""

from __future__ import annotations

from apps.live.consumers import LivePage

from .pages import WatchlistPage


class WatchlistConsumer(LivePage):
    page = WatchlistPage
