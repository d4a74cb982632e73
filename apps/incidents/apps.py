from __future__ import annotations

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "apps.incidents"
    label = "incidents"

    def ready(self) -> None:
        from apps.alerts.hooks import on_alert, on_look  # noqa: PLC0415 -- app ready

        from .services import count_look, follow_alert, regrade  # noqa: PLC0415 -- app ready

        on_alert(follow_alert)
        on_look(count_look)
        on_look(regrade)
