"""A receiver on this machine that answers as it is told, and what the desk shows at a moment."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from apps.alerts import services
from apps.alerts.models import Alert, Channel, Rule

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUIET = {
    "opened": 0, "resumed": 0, "frames": 0, "faults": 0, "status": "healthy", "release": "1", "processes": 1,
    "connections": 0, "p95_ms": None, "p99_ms": None, "changes": 0,
}  # fmt: skip


@dataclass
class Receiver:
    url: str
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    said: bytes = b""
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """Takes everything with 204 unless `answers` holds another; it is let in although it is on this machine."""
    settings.ALERTS_ALLOW_PRIVATE = True

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.heard.append((self.path, dict(self.headers), body))
            status, headers = made.answers.pop(0) if made.answers else (200 if made.said else 204, {})
            self.send_response(status)
            for name, value in {"Content-Length": str(len(made.said)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.said)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def rule(db: None) -> Rule:
    """More than 5 sockets, over at 3; no other rule."""
    Rule.objects.all().delete()
    return Rule.objects.create(
        name="Crowded", metric="connections", threshold=5, clear=3, window_s=10, severity="warning"
    )


@pytest.fixture
def default_rules(db: None) -> None:
    """As the migration makes them; a test that empties the database takes them away from the next."""
    for name in ("0002_default_rules", "0007_canary_rules"):
        import_module(f"apps.alerts.migrations.{name}").make(apps, None)


def channel(kind: str, address: str, **more: Any) -> Channel:
    return Channel.objects.create(name=f"{kind} {address[-9:]}", kind=kind, sealed_address=address, **more)


def figures(kind: str, text: str) -> str:
    """That dashboard out of a page, a poll or a frame; empty where it is in none."""
    found = re.search(rf'<div id="{kind}".*?</section>\s*</div>(?:\n</div>)?', text, re.S)
    return found[0] if found else ""


def looks(*connections: int, start: datetime = NOW, **more: Any) -> list[Alert]:
    """So many sockets at one look after another, ten seconds apart; the alerts that the last look moved."""
    moved: list[Alert] = []
    for number, count in enumerate(connections):
        told = {**QUIET, "connections": count, **more}
        moved = services.look(told, start + number * timedelta(seconds=10))
    return moved
