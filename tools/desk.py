"""A desk of a tool's own: prepared as `make run` prepares it, in a temporary folder, stopped at the end."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.server import DeskServer, manage, prepare


@contextmanager
def running_desk(**settings: str) -> Iterator[DeskServer]:
    """A served desk; `SIM_RATE` is the default's 1 unless told otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        prepare(template)
        server = DeskServer(template, Path(folder), **{"SIM_RATE": "1", **settings})
        server.start()
        try:
            yield server
        finally:
            server.terminate()


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


def signed_in(server: DeskServer, trader: str = "alice") -> httpx.Client:
    """An HTTP client with the trader's session."""
    client = httpx.Client(base_url=server.url, follow_redirects=True, timeout=30)
    client.get("/")
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    client.post("/accounts/demo/", data={"trader": trader}).raise_for_status()
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    return client


def demo_session(server: DeskServer, watch: int) -> str:
    """The session id of a seeded trader who watches so many symbols."""
    return manage(server.var, "demo_sessions", "--count", "1", "--watch", str(watch)).split()[-1]


def percentile(values: Sequence[float], share: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def verdict(name: str, value: float, limit: float, unit: str) -> bool:
    """Prints a figure beside its limit; says whether it holds."""
    holds = value < limit
    print(f"{'ok  ' if holds else 'OVER'} {name}: {value:.1f} {unit} (limit {limit:g})")
    return holds
