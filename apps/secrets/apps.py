from __future__ import annotations

from django.apps import AppConfig


class SecretsConfig(AppConfig):
    name = "apps.secrets"
    label = "secrets"

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415 -- app ready
