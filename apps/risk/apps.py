from __future__ import annotations

from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "apps.risk"
    label = "risk"

    def ready(self) -> None:
        from . import fragments  # noqa: F401, PLC0415 -- registers what this app draws, once the models are loaded
