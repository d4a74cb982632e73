"""P16: whoever looks and sends is killed at any moment. Every alert is told, and doubled at most once a kill."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.server import ROOT
from tests.keys import ENCRYPTION_KEY
from tests.services import postgres

from .cluster import DEPLOYED
from .conftest import SEED, Tell

pytestmark = [pytest.mark.faults, pytest.mark.postgres]

SLOWEST = 0.03  # seconds that the receiver takes for an answer, so that kills meet what is on its way
FLIPS = 200 + 2  # ten rules at each of twenty looks, and the one that trembles


class Receiver(ThreadingHTTPServer):
    """Says 204 after a while, and keeps what it heard: as far as it goes by the key that it was given."""

    def __init__(self) -> None:
        self.heard, self.lock, self.dice = Counter[str](), threading.Lock(), random.Random(SEED)
        super().__init__(("127.0.0.1", 0), Hears)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked was killed before the answer."""


class Hears(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            for each in told["alerts"] if told["what"] == "batch" else [told]:
                self.server.heard[f"{each['id']} {each['what']}"] += 1
            takes = self.server.dice.uniform(0, SLOWEST)
        time.sleep(takes)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_alerts_are_told_whoever_is_killed(receiver: Receiver, migrated_postgres: Path, tell: Tell) -> None:
    """R-ALERT: none is lost, none is raised twice, and what trembles at its threshold rings once."""
    with postgres(migrated_postgres) as url:
        own = {"ENCRYPTION_KEY": ENCRYPTION_KEY, "ALERTS_ALLOW_PRIVATE": "on"}
        settings = {**DEPLOYED, **own, "DATABASE_URL": url, "REDIS_URL": ""}
        address = f"http://127.0.0.1:{receiver.server_address[1]}/hook"
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.alert_worker", address, str(SEED)],
            cwd=ROOT,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=200,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    found, heard = json.loads(done.stdout), receiver.heard
    due, doubled = Counter(found["deliveries"]), sum(heard.values()) - len(heard)

    tell(
        f"P16: {len(due)} deliveries, {found['kills']} kills in {found['seconds']} s: "
        f"{len(set(due) - set(heard))} lost, {doubled} doubled"
    )
    assert found["faults"] == 0, done.stderr[-3000:]
    assert found["kills"] > 10
    assert len(due) == FLIPS
    assert max(due.values()) == 1
    assert found["states"] == {"sent": len(due)}
    assert set(heard) == set(due)
    assert max(heard.values()) <= 1 + found["kills"]
    assert (found["open"], found["trembling"], found["incidents"]) == (0, 1, 1)
    assert found["said"] == {"Alert over: Trembles": 1}
