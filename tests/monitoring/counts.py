"""What a process counts, as Prometheus would read it."""

from __future__ import annotations

import threading
import time

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.patience import at_most


def count(url: str, name: str, **labels: str) -> float | None:
    """The sample of that name and of just these labels; None where there is none."""
    families = text_string_to_metric_families(httpx.get(f"{url}/metrics").text)
    samples = (sample for family in families for sample in family.samples)
    return next((sample.value for sample in samples if sample.name == name and sample.labels == labels), None)


def wait_for_count(url: str, wanted: float, name: str, **labels: str) -> None:
    """Until it is that."""
    deadline, pause = time.monotonic() + at_most(10), threading.Event()
    while (seen := count(url, name, **labels)) != wanted:
        assert time.monotonic() < deadline, f"{name} {labels} is {seen}, and not {wanted}"
        pause.wait(0.05)
