from __future__ import annotations

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "apps.monitoring"
    label = "monitoring"

    def ready(self) -> None:
        from .together import tell_each_other  # noqa: PLC0415 -- app ready

        tell_each_other()
