from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator  # noqa: PLC0415 -- app ready
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415 -- app ready
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415 -- app ready
        from django.db.models.signals import post_delete  # noqa: PLC0415 -- app ready

        from apps.secrets.holders import register  # noqa: PLC0415 -- app ready

        from . import checks  # noqa: F401, PLC0415 -- app ready
        from .discord import speak_to  # noqa: PLC0415 -- app ready
        from .sealing import SecondFactors  # noqa: PLC0415 -- app ready
        from .seen import signed_in  # noqa: PLC0415 -- app ready
        from .staff import second_factor_gone, shown_by_setting_up  # noqa: PLC0415 -- app ready

        user_logged_in.connect(signed_in, dispatch_uid="accounts.seen")
        authenticator_added.connect(shown_by_setting_up, dispatch_uid="accounts.second_factor")
        post_delete.connect(second_factor_gone, sender=Authenticator, dispatch_uid="accounts.second_factor.gone")
        register(SecondFactors())

        if settings.DISCORD_API_BASE:
            speak_to(settings.DISCORD_API_BASE)
