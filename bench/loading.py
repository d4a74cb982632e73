"""Runs the load client against a started party and gives its figures."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .parties import SYMBOLS, WATCHED, Machine, Running, pinned

Figures = dict[str, float]
BUSY = 0.9  # a client that takes more of its processor measures itself
DISTURBED = 5.0  # per cent of the time that a server was ready to run and another process had its processor


def run_load(
    machine: Machine,
    party: Running,
    connections: int,
    meanwhile: Callable[[], Any] | None = None,
    **options: float | str,
) -> Figures:
    """`meanwhile` is called when the measured window begins."""
    words = [str(machine.load), "--port", str(party.port), "--pids", str(party.pid), *party.words]
    words += ["--connections", str(connections)]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    begun, waited = time.monotonic(), waited_seconds(party.pid)
    with subprocess.Popen(pinned(machine.client_cpu, words), stdout=subprocess.PIPE, text=True) as client:
        if client.stdout is None or not client.stdout.readline().startswith("begin "):
            raise RuntimeError("the load client has ended before its window")
        if meanwhile:
            meanwhile()
        figures: Figures = json.loads(client.stdout.readline())
        figures["waited_percent"] = 100 * (waited_seconds(party.pid) - waited) / (time.monotonic() - begun)
    return derived(party, figures)


def waited_seconds(pid: int) -> float:
    """How long the process's main thread was ready to run and did not (Linux)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def derived(party: Running, figures: Figures) -> Figures:
    """Adds what the client cannot know: what was offered."""
    seconds = figures["seconds"]
    moves = party.offered(int(figures["begin_us"]), int(figures["end_us"]))
    offered = moves * figures["connections"] * WATCHED / SYMBOLS
    return {
        **figures,
        "offered_s": offered / seconds,
        "least_updates_s": figures["least_updates"] / seconds,
        "delivered": figures["updates"] / offered if offered else 0.0,
        "core_percent": 100 * figures["core"],
        "client_percent": 100 * figures["client_core"],
        "invalid": float(figures["client_core"] > BUSY),
    }
