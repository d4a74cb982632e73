from __future__ import annotations

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "apps.portfolio"
    label = "portfolio"

    def ready(self) -> None:
        from . import checks, fragments, pages  # noqa: F401, PLC0415 -- registers them, once the models are loaded
