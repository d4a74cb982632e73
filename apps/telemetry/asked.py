"""A gauge that is asked when it is read, so that an age is true at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class Asked(Collector):
    """Whoever knows the figure sets `ask`; where it is None, or its answer is, nothing is said: a zero would lie."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry) -> None:
        self.name, self.documentation = name, documentation
        self.ask: Callable[[], float | None] | None = None
        registry.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self.name, self.documentation)
        value = self.ask() if self.ask else None
        if value is not None:
            family.add_metric([], value)
        yield family
