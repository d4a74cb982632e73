from __future__ import annotations

from django.apps import AppConfig


class WatchlistConfig(AppConfig):
    name = "apps.watchlist"
    label = "watchlist"

    def ready(self) -> None:
        from . import fragments  # noqa: F401, PLC0415 -- app ready
