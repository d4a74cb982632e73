from __future__ import annotations

from django.apps import AppConfig


class TradesConfig(AppConfig):
    name = "apps.trades"
    label = "trades"

    def ready(self) -> None:
        from . import checks, fragments  # noqa: F401, PLC0415 -- registers both, once the models are loaded
