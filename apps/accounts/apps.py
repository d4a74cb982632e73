from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.secrets.holders import register  # noqa: PLC0415 -- app ready

        from . import checks  # noqa: F401, PLC0415 -- app ready
        from .discord import speak_to  # noqa: PLC0415 -- app ready
        from .sealing import SecondFactors  # noqa: PLC0415 -- app ready

        register(SecondFactors())

        if settings.DISCORD_API_BASE:
            speak_to(settings.DISCORD_API_BASE)
