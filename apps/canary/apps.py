from __future__ import annotations

from django.apps import AppConfig


class CanaryConfig(AppConfig):
    name = "apps.canary"
    label = "canary"

    def ready(self) -> None:
        from django.conf import settings  # noqa: PLC0415 -- app ready

        from apps.live import fragments, running  # noqa: PLC0415 -- app ready

        from .fragments import Beat  # noqa: PLC0415 -- app ready

        fragments.register(Beat())
        if settings.CANARY_SECONDS:
            from .flying import fly_for_ever  # noqa: PLC0415 -- a client's library: costs nothing while it is off

            running.beside_hub(fly_for_ever)
