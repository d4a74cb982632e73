"""From a fresh clone to the first page: what a newcomer waits. Needs nothing but Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.browser.server import ROOT, environment
from tests.ports import free_port

LIMIT_S = 120


def first_page(url: str, running: subprocess.Popen[bytes]) -> float:
    """Waits until the page answers 200; returns when that was."""
    while running.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return time.monotonic()
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"make run ended with {running.returncode}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone, port = Path(folder) / "livedesk", free_port()
        begun = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        running = subprocess.Popen(["make", "run", f"PORT={port}"], cwd=clone, env=environment(clone / "var"))
        try:
            seconds = first_page(f"http://127.0.0.1:{port}/", running) - begun
        finally:
            running.terminate()
            running.wait(timeout=30)
    print(f"clone to first page: {seconds:.1f} s (limit {LIMIT_S} s)")
    sys.exit(seconds > LIMIT_S)


if __name__ == "__main__":
    main()
