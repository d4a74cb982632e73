from __future__ import annotations

from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "apps.usage"
    label = "usage"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415 -- app ready

        from apps.live.retention import on_tidy  # noqa: PLC0415 -- app ready
        from apps.live.running import beside_hub  # noqa: PLC0415 -- app ready

        from . import fragments  # noqa: F401, PLC0415 -- app ready
        from .counting import signed_in  # noqa: PLC0415 -- app ready
        from .keeping import keep  # noqa: PLC0415 -- app ready
        from .services import tidy  # noqa: PLC0415 -- app ready

        user_logged_in.connect(signed_in, dispatch_uid="usage")
        beside_hub(keep)
        on_tidy(tidy)
