"""Errors by category, one family for three sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Errors(Collector):
    """`counts` are of lines that broke or were turned away and of messages that mean nothing, added to by the event
    loop's thread alone; `server` gives the desk's own faults, which are counted where they are caught."""

    def __init__(
        self, name: str, documentation: str, server: Callable[[], float], registry: CollectorRegistry
    ) -> None:
        self.name, self.documentation, self.server = name, documentation, server
        self.counts = {"connection": 0, "message": 0}
        registry.register(self)

    def add(self, category: str) -> None:
        """Passes over what is no error (empty) and what is counted as a fault (server)."""
        if category in self.counts:
            self.counts[category] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(self.name, self.documentation, labels=["category"])
        for category, count in {**self.counts, "server": self.server()}.items():
            family.add_metric([category], count)
        yield family
