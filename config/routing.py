"""Every socket route."""

from __future__ import annotations

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import path, re_path

from apps.canary.consumers import CanaryConsumer
from apps.history.consumers import HistoryConsumer
from apps.home.consumers import DeskConsumer
from apps.live.consumers import ActivityConsumer
from apps.monitoring.consumers import OperationsConsumer
from apps.portfolio.consumers import PortfolioConsumer
from apps.traderalerts.consumers import AlertsConsumer
from apps.trades.consumers import TradesConsumer
from apps.watchlist.consumers import WatchlistConsumer


class Nowhere(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Refuses a socket at any other address; without it each would be a server error."""

    channel_layer_alias = "none"

    async def connect(self) -> None:
        await self.close()


websocket_urlpatterns = [
    path("ws/desk/", DeskConsumer.as_asgi()),
    path("ws/portfolio/", PortfolioConsumer.as_asgi()),
    path("ws/trades/", TradesConsumer.as_asgi()),
    path("ws/history/", HistoryConsumer.as_asgi()),
    path("ws/watchlist/", WatchlistConsumer.as_asgi()),
    path("ws/alerts/", AlertsConsumer.as_asgi()),
    path("ws/operations/", OperationsConsumer.as_asgi()),
    path("ws/activity/", ActivityConsumer.as_asgi()),
    path("ws/canary/", CanaryConsumer.as_asgi()),
    re_path("", Nowhere.as_asgi()),
]
