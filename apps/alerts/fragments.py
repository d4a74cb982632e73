"""Dashboards that rest on looks, drawn: health, which an acknowledged alert changes too, transport and trading."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.live.fragments import register
from apps.live.moments import micros
from apps.monitoring.pages import Dashboard, SpanDashboard

from . import dashboards
from .queries import Operations, changed_us, counted, latest, looked_us, operations


class Figures(Dashboard):
    """`operations/now`"""

    kind = "operations"
    template = "alerts/_figures.html"

    def load(self, key: str) -> Operations:
        return operations(timezone.now())

    def changed_us(self, key: str) -> int:
        return changed_us(timezone.now())

    def context(self, key: str, facts: Operations) -> dict[str, Any]:
        return {"sample": facts.sample, "alerts": facts.alerts, "ts": facts.changed_us}


PAUSES = {"week": 20.0, "month": 60.0}
"""Spans that take thousands of rows."""


class OfLooks(SpanDashboard):
    """What the looks of a span counted, as of the last one: read first, so that nothing is older than it says."""

    def pause(self, key: str) -> float:
        return PAUSES.get(key, self.every)

    def changed_us(self, key: str) -> int:
        return looked_us(timezone.now())

    def load(self, key: str) -> dict[str, Any]:
        now = timezone.now()
        sample = latest(now)
        return {"sample": sample, **self.figures(counted(key, now))}

    def figures(self, counts: dict[str, float]) -> dict[str, Any]:
        raise NotImplementedError

    def context(self, key: str, facts: dict[str, Any]) -> dict[str, Any]:
        sample = facts["sample"]
        return {**facts, "ts": micros(sample.at) if sample else 0}


class Transport(OfLooks):
    """`transport/hour`"""

    kind = "transport"
    template = "alerts/_transport.html"

    def figures(self, counts: dict[str, float]) -> dict[str, Any]:
        return dashboards.transport(counts)


class Trading(OfLooks):
    """`trading/hour`"""

    kind = "trading"
    template = "alerts/_trading.html"

    def figures(self, counts: dict[str, float]) -> dict[str, Any]:
        return dashboards.trading(counts)

    def context(self, key: str, facts: dict[str, Any]) -> dict[str, Any]:
        return {**super().context(key, facts), "rates": dashboards.rates(facts["sample"])}


for each in (Figures(), Transport(), Trading()):
    register(each)
