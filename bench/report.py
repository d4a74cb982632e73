"""The result with what it was measured on, and its place in docs/performance.md."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs/performance.md"
BEGIN, END = "<!-- bench begins -->", "<!-- bench ends -->"
PACKAGES = ("django", "channels", "daphne", "twisted", "autobahn", "uvloop")


def processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), flags=re.M)
    return found[1] if found else platform.machine()


def versions() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    pinned = json.loads((Path(__file__).parent / "rival/package.json").read_text())["dependencies"]
    own = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]
    others = [f"node {node.removeprefix('v')}", *(f"{name} {pin}" for name, pin in pinned.items())]
    return ", ".join([*own, *others])


def heading(command: str, rounds: int, seconds: float) -> str:
    machine = f"Linux {platform.release()}, {os.cpu_count()} × {processor()}"
    return (
        f"`{command}` on {datetime.now(UTC):%-d %B %Y}: medians of {rounds} rounds, windows of {seconds:g} s.\n"
        f"{versions()}. {machine}."
    )


def write(text: str, document: Path = DOCUMENT) -> None:
    """Puts the text between the two marks; what stands around it stays."""
    before, rest = document.read_text().split(BEGIN)
    _, after = rest.split(END)
    document.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
