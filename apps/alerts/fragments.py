"""The figures of operations, drawn: they change with each look, and when an alert is acknowledged."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.live.fragments import Fragment, register

from .queries import Operations, operations

TOPIC = "operations/now"


class Figures(Fragment):
    """`operations/now`: no event names it; who looks tells the hub, as `watching` says."""

    kind = "operations"
    template = "alerts/_figures.html"

    def load(self, key: str) -> Operations:
        return operations(timezone.now())

    def context(self, key: str, facts: Operations) -> dict[str, Any]:
        return {"sample": facts.sample, "alerts": facts.alerts, "ts": facts.changed_us}


register(Figures())
