"""The bench's switch: what is muted counts nothing, and everything that reads it still can."""

from __future__ import annotations

import subprocess
import sys

from tests.browser.server import ROOT

MUTED = """
import django, logging
django.setup()
from bench.serve import mute
from apps import telemetry
from apps.monitoring.counted import counts
from apps.telemetry import latency
mute()
telemetry.denied("halted")
telemetry.faults.labels("draw").inc()
telemetry.sockets_open.inc()
telemetry.flush_seconds.observe(1)
latency.felt("quote", 0.1, "a connection")
logging.getLogger("apps").error("a line")
kept = [telemetry.value(each) for each in (telemetry.orders_denied, telemetry.sockets_open, telemetry.flush_seconds)]
print(sum(kept), counts(), sum(latency.counts()["quote"]))
"""


def test_what_is_muted_counts_nothing_and_can_be_read() -> None:
    """In a process of its own: it is never unmuted."""
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", MUTED], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("0.0 {} 0\n", "")
