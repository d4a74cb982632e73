from __future__ import annotations

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "apps.history"
    label = "history"

    def ready(self) -> None:
        from apps.portfolio.closed import on_tags  # noqa: PLC0415 -- app ready

        from . import pages  # noqa: F401, PLC0415 -- registers it, once the models are loaded
        from .queries import tags_of_trades  # noqa: PLC0415 -- app ready

        on_tags(tags_of_trades)
