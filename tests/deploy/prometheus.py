"""A real Prometheus with what is shipped for one, asked by its HTTP API."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.browser.server import ROOT
from tests.ports import free_port
from tests.services import program, running

SHIPPED = ROOT / "deploy/prometheus"
SEEN_WITHIN = 60.0
RATE_INTERVAL = "$__rate_interval"  # Grafana's word for an interval that holds some scrapes


def promtool(*words: str, given: str = "") -> str:
    """What it says. Fails with that where it is not content."""
    done = subprocess.run(
        [program("promtool"), *words],
        cwd=SHIPPED,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def configure(folder: Path, token: str, web: str, desk: str) -> Path:
    """The shipped files beside a token, with the addresses of the test and a scrape each second."""
    for name in ("prometheus.yml", "rules.yml"):
        shutil.copy(SHIPPED / name, folder)
    (folder / "livedesk.token").write_text(token)
    config = folder / "prometheus.yml"
    text = config.read_text()
    here = {
        "scrape_interval: 15s": "scrape_interval: 1s",
        "evaluation_interval: 15s": "evaluation_interval: 1s",
        "127.0.0.1:8000": web,
        "127.0.0.1:9108": desk,
        "127.0.0.1:9093": f"127.0.0.1:{free_port()}",  # nobody: not an Alertmanager that may run on this machine
    }
    for shipped, own in here.items():
        assert shipped in text
        text = text.replace(shipped, own)
    config.write_text(text)
    return config


class Prometheus:
    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=30)

    def ask(self, path: str, **params: str) -> Any:
        """The answer's data; fails with the error that Prometheus names."""
        answer = self.http.get(path, params=params).json()
        assert answer["status"] == "success", f"{params}: {answer.get('error')}"
        return answer["data"]

    def value(self, expression: str) -> list[dict[str, Any]]:
        """The series that it has now."""
        found: list[dict[str, Any]] = self.ask("/query", query=expression.replace(RATE_INTERVAL, "1m"))["result"]
        return found

    def wait(self, what: str, seen: Callable[[], Any]) -> Any:
        """Looks until there is something. Fails when it takes too long."""
        deadline, pause = time.monotonic() + SEEN_WITHIN, threading.Event()
        while not (found := seen()):
            assert time.monotonic() < deadline, f"no {what} within {SEEN_WITHIN:g} s"
            pause.wait(0.1)
        return found


@contextmanager
def prometheus(config: Path, folder: Path) -> Iterator[Prometheus]:
    """Runs until the end; keeps its data in the folder."""
    port = free_port()
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
    ]
    with running(command, port, folder):
        asked = Prometheus(f"http://127.0.0.1:{port}")
        ready = asked.http.base_url.copy_with(path="/-/ready")
        asked.wait("answer", lambda: asked.http.get(ready).status_code == 200)
        yield asked
        asked.http.close()


def metrics_in(expression: str) -> set[str]:
    """The names of series that it asks for, those of Prometheus itself apart."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:livedesk|process)[_:][a-z0-9_:]+", bare))
