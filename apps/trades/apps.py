from __future__ import annotations

from django.apps import AppConfig


class TradesConfig(AppConfig):
    name = "apps.trades"
    label = "trades"

    def ready(self) -> None:
        from apps.accounts.hooks import on_suspend  # noqa: PLC0415 -- app ready

        from . import checks, fragments  # noqa: F401, PLC0415 -- registers both, once the models are loaded
        from .services import cancel_orders_of  # noqa: PLC0415 -- app ready

        on_suspend(cancel_orders_of)
