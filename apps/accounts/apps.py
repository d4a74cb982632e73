from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415 -- app ready

        from . import checks  # noqa: F401, PLC0415 -- app ready
        from .discord import speak_to  # noqa: PLC0415 -- app ready
        from .seen import signed_in  # noqa: PLC0415 -- app ready

        user_logged_in.connect(signed_in, dispatch_uid="accounts.seen")

        if settings.DISCORD_API_BASE:
            speak_to(settings.DISCORD_API_BASE)
