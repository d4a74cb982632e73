"""A real desk, run as `make run` runs it, on a free port and with a data folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from tests.keys import ENCRYPTION_KEY
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
STARTS_WITHIN_S = 90
# A developer's own .env must not reach a test: an empty variable wins over the file
UNSET = ("DATABASE_URL", "REDIS_URL", "DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET", "DISCORD_BOT_TOKEN")


def environment(var: Path, **settings: str) -> dict[str, str]:
    """The embedded default: nothing set but the data folder, a fixed seed and a lively market."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    blank = dict.fromkeys(UNSET, "")
    quiet = {"CANARY_SECONDS": "0"}  # also where there is a DATABASE_URL: who wants canaries asks for them
    market = {"SIM_SEED": "7", "SIM_RATE": "4", "PYTHONUNBUFFERED": "1"}
    key = {"ENCRYPTION_KEY": ENCRYPTION_KEY if settings.get("DATABASE_URL") else ""}
    return {**kept, **blank, **quiet, **market, **key, "VAR_DIR": str(var), **settings}


def manage(var: Path, *words: str, code: Path = ROOT, **settings: str) -> str:
    """Runs one management command, of another release's `code` too, to its end and gives what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=code,
        env=environment(var, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(words)} failed\n{done.stdout}")
    return done.stdout


def prepare(var: Path) -> None:
    """What `make run` does before it serves."""
    var.mkdir(parents=True, exist_ok=True)
    manage(var, "migrate", "--verbosity", "0")
    manage(var, "seed_demo")
    manage(var, "collectstatic", "--no-input", "--verbosity", "0")


class DeskServer:
    """One process of `manage.py serve --with-desk`; it can be killed and started again on the same port."""

    words: tuple[str, ...] = ("serve", "--with-desk")

    def __init__(self, template: Path, home: Path, **settings: str) -> None:
        self.var, self.settings, self.port = home / "var", settings, free_port()
        self.log = home / "serve.log"
        shutil.copytree(template, self.var, ignore=shutil.ignore_patterns("static"))
        (self.var / "static").symlink_to((template / "static").resolve())  # hundreds of files that nobody writes
        self.process: subprocess.Popen[bytes] | None = None
        self.output: IO[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", *self.words, "--port", str(self.port)]

    def start(self) -> None:
        self.output = self.log.open("ab")
        self.process = subprocess.Popen(
            self.command(),
            cwd=ROOT,
            env=environment(self.var, **self.settings),
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        try:
            self.wait_until_healthy()
        except BaseException:
            self.kill()
            raise

    def wait_until_healthy(self) -> None:
        pause = threading.Event()
        for _ in range(STARTS_WITHIN_S * 20):
            assert self.process
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}\n{self.tail()}")
            if self.answers():
                return
            pause.wait(0.05)
        raise RuntimeError(f"the server is not healthy after {STARTS_WITHIN_S} s\n{self.tail()}")

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def stop(self, with_signal: signal.Signals) -> int:
        """Sends the signal to our own process and gives its exit code."""
        assert self.process and self.output
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.output.close()

    def kill(self) -> int:
        return self.stop(signal.SIGKILL)

    def terminate(self) -> int:
        return self.stop(signal.SIGTERM)

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""
