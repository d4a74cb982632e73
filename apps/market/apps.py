from __future__ import annotations

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "apps.market"
    label = "market"

    def ready(self) -> None:
        from apps.live import bus  # noqa: PLC0415 -- app ready

        from . import checks, fragments, saved, wire  # noqa: F401, PLC0415 -- app ready

        bus.subscribe(wire.QUOTES, wire.hear)
        bus.subscribe(wire.RENAMED, wire.hear_renamed)
        bus.subscribe(wire.SPLIT, wire.hear_split)
        saved.follow_when_cut_off()
