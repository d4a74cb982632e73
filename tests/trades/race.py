"""A database of its own for each test that races processes or kills them, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.keys import ENCRYPTION_KEY

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 2


class RaceDesk:
    """A database of its own, and processes that work on it."""

    def __init__(self, database_url: str) -> None:
        self.kind = database_url.partition(":")[0]
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a key for a race, of fifty characters and some more",
            "ENCRYPTION_KEY": ENCRYPTION_KEY,
            "ALLOWED_HOSTS": "localhost",
            "REDIS_URL": "",
            "QUOTE_STALE_MS": "600000",
            "COMMISSION": "per-share 0.005 min 1.00",
        }

    def start(self, *part: str, worker: str = "race_worker") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", f"tests.trades.{worker}", *part],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *part: str, worker: str = "race_worker") -> list[dict[str, Any]]:
        return finish(self.start(*part, worker=worker))

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        manage = [sys.executable, "manage.py", *words]
        return subprocess.run(manage, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=240)

    def race(self, part: str, processes: int = PROCESSES, *more: str) -> list[dict[str, Any]]:
        """All processes are up before the first may go."""
        runner = self.start(part, str(processes), *more)
        assert hear(runner) == {"ready": True}
        go(runner)
        return finish(runner)

    def report(self) -> dict[str, Any]:
        return self.run("report")[0]


def hear(runner: subprocess.Popen[str]) -> dict[str, Any]:
    assert runner.stdout is not None
    return json.loads(runner.stdout.readline())


def go(runner: subprocess.Popen[str]) -> None:
    assert runner.stdin is not None
    runner.stdin.write("go\n")
    runner.stdin.flush()


def finish(runner: subprocess.Popen[str], seconds: int = 240) -> list[dict[str, Any]]:
    printed, _ = runner.communicate(timeout=seconds)
    assert runner.returncode == 0, printed
    return [json.loads(line) for line in printed.splitlines()]
