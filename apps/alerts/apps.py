from __future__ import annotations

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "apps.alerts"
    label = "alerts"

    def ready(self) -> None:
        from django.conf import settings  # noqa: PLC0415 -- app ready

        from apps.live.running import beside_hub  # noqa: PLC0415 -- app ready

        from . import fragments  # noqa: F401, PLC0415 -- app ready
        from .watching import deliver, watch  # noqa: PLC0415 -- app ready

        if settings.ALERTS:
            beside_hub(watch)
            beside_hub(deliver)
