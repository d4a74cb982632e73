from __future__ import annotations

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "apps.history"
    label = "history"

    def ready(self) -> None:
        from . import pages  # noqa: F401, PLC0415 -- registers it, once the models are loaded
