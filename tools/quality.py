"""Lighthouse on welcome and desk, desktop and mobile; axe on every page in both themes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.accessibility import violations
from tests.browser.pages import SIGNED_IN, SIGNED_OUT, THEMES
from tests.browser.server import DeskServer
from tests.ports import free_port

from .desk import open_browser, running_desk

LIGHTHOUSE = "lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = ("first-contentful-paint", "interactive", "cumulative-layout-shift", "total-blocking-time")
LEAST = 95


def lighthouse(url: str, form: str, port: int) -> dict[str, object]:
    """One run's report, in the browser that listens on the port: its cookies hold for the page's own requests too."""
    command = [
        "npx",
        "--yes",
        LIGHTHOUSE,
        url,
        "--output=json",
        "--quiet",
        f"--port={port}",
        "--disable-storage-reset",
    ]
    command.append(f"--only-categories={','.join(CATEGORIES)}")
    if form == "desktop":
        command.append("--preset=desktop")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Lighthouse failed\n{done.stderr}")
    return json.loads(done.stdout)


@contextmanager
def listening_browser(server: DeskServer, trader: str) -> Iterator[int]:
    """A Chromium with a profile of its own, signed in where a trader is named; gives the port it is steered by."""
    port = free_port()
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        arguments = [*chromium.ARGUMENTS, f"--remote-debugging-port={port}"]
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium.path(), args=arguments, base_url=server.url
        )
        if trader:
            page = context.new_page()
            chromium.sign_in(page, trader)
            page.close()
        yield port
        context.close()


def show(name: str, report: dict) -> bool:
    """Prints scores, times and what cost points; says whether every category is above the bar."""
    scores = {category: round(report["categories"][category]["score"] * 100) for category in CATEGORIES}
    times = ", ".join(f"{report['audits'][key]['displayValue']} {key}" for key in TIMES)
    print(f"{name}: {scores} {times}")
    for category in CATEGORIES:
        for part in report["categories"][category]["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"    {category}: {audit['title']} ({audit.get('displayValue', audit['score'])})")
    return min(scores.values()) > LEAST


def run_lighthouse(server: DeskServer) -> bool:
    results = []
    for page, trader in (("welcome", ""), ("desk", "alice")):
        with listening_browser(server, trader) as port:
            for form in ("desktop", "mobile"):
                results.append(show(f"Lighthouse {page} {form}", lighthouse(server.url, form, port)))
    return all(results)


def run_axe(server: DeskServer) -> bool:
    found = 0
    with open_browser() as browser:
        for theme in THEMES:
            for trader, paths in (("", SIGNED_OUT), ("alice", SIGNED_IN)):
                context = chromium.context_of(browser, server.url, chromium.Watch(), color_scheme=theme)
                page = context.new_page()
                if trader:
                    chromium.sign_in(page, trader)
                for path in paths:
                    page.goto(path)
                    lines = violations(page)
                    found += len(lines)
                    print(
                        f"axe {theme} {path} {trader or 'signed out'}: {len(lines)} violations",
                        *lines,
                        sep="\n    ",
                    )
                context.close()
    return found == 0


def main() -> None:
    if not shutil.which("npx"):
        raise SystemExit("Lighthouse needs Node.js with npx (Debian: apt-get install nodejs npm)")
    with running_desk() as server:
        held = [run_axe(server), run_lighthouse(server)]
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
