from __future__ import annotations

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root: it holds the runner's commands and the checks that need every setting."""

    name = "config"

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415 -- app ready
