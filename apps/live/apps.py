from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class LiveConfig(AppConfig):
    name = "apps.live"
    label = "live"

    def ready(self) -> None:
        from . import activity, bus, endings, fragments, notices, releases, running  # noqa: PLC0415 -- app ready

        fragments.register(activity.Bell())
        fragments.register(activity.ActivityList())
        fragments.register(notices.NoticeBoard())
        fragments.register(releases.ReleaseNews())
        running.on_sweep(notices.Turning())
        endings.listen()
        if settings.REDIS_URL:
            from .remote import RedisLink  # noqa: PLC0415 -- optional dependency

            bus.link_with(RedisLink)
