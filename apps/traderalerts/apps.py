from __future__ import annotations

from django.apps import AppConfig


class TraderAlertsConfig(AppConfig):
    name = "apps.traderalerts"
    label = "traderalerts"

    def ready(self) -> None:
        from django.conf import settings  # noqa: PLC0415 -- app ready

        from apps.live.running import beside_hub  # noqa: PLC0415 -- app ready
        from apps.trades.watchers import beside_desk, on_order  # noqa: PLC0415 -- app ready

        from . import fragments  # noqa: F401, PLC0415 -- app ready
        from .orders import hear_order  # noqa: PLC0415 -- app ready
        from .sending import deliver  # noqa: PLC0415 -- app ready
        from .watching import AlertWatcher  # noqa: PLC0415 -- app ready

        beside_desk(AlertWatcher)
        on_order(hear_order)
        if settings.ALERTS:
            beside_hub(deliver)
