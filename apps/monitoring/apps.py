from __future__ import annotations

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "apps.monitoring"
    label = "monitoring"

    def ready(self) -> None:
        from django.conf import settings  # noqa: PLC0415 -- app ready

        from apps import telemetry  # noqa: PLC0415 -- app ready

        from . import fragments  # noqa: F401, PLC0415 -- app ready
        from .connections import tell_who_is_connected  # noqa: PLC0415 -- app ready
        from .following import follow_dashboards  # noqa: PLC0415 -- app ready
        from .together import tell_each_other  # noqa: PLC0415 -- app ready

        series = settings.RELEASE.rpartition(".")[0]
        telemetry.build.labels(version=series, release=settings.RELEASE).set(1)
        tell_each_other()
        tell_who_is_connected()
        follow_dashboards()
