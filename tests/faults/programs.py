"""Real programs that a test may kill, freeze and start again: each is owned here and ended by its process id."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.browser.server import ROOT, environment
from tests.ports import free_port
from tests.services import as_nobody, program, wait_for_port, wait_until_started

ENDS_WITHIN = 60.0
LIVES_WITHIN = 90.0


class Program:
    """One process with a port and a log; the port stays its own over restarts."""

    TERM = signal.SIGTERM

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder, self.port = name, folder, free_port()
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.settings: dict[str, str] = {}
        self.asked = False

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str] | None:
        return None

    def spawn(self, **settings: str) -> None:
        """Starts it without waiting until it answers; `settings` hold for this start."""
        assert self.process is None or self.process.poll() is not None, f"{self.name} runs already"
        self.settings, self.asked = settings, False
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), stdout=output, stderr=subprocess.STDOUT, cwd=self.home
            )

    @property
    def home(self) -> Path:
        return self.folder

    def start(self, **settings: str) -> None:
        self.spawn(**settings)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        assert self.process
        wait_for_port(self.port, self.process, self.log)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def wait(self) -> int:
        assert self.process
        return self.process.wait(timeout=ENDS_WITHIN)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """Once, without waiting for it: a second signal would cut it short."""
        if self.runs and not self.asked:
            self.asked = True
            self.thaw()
            self.signal(signal.SIGTERM)

    def end(self) -> None:
        """Whatever state it is in."""
        if not self.runs:
            return
        self.ask_to_end()
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def resident_kb(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Redis(Program):
    def command(self) -> list[str]:
        return [program("redis-server"), "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class Postgres(Program):
    """Its cluster is a copy of a template that is migrated and seeded already."""

    def __init__(self, name: str, folder: Path, template: Path) -> None:
        super().__init__(name, folder)
        folder.chmod(0o777)
        subprocess.run(["cp", "-a", str(template), str(self.data)], check=True)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def command(self) -> list[str]:
        where = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        tuning = ["-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=100"]
        return as_nobody([program("postgres"), *where, *tuning])

    @property
    def url(self) -> str:
        return f"postgres://livedesk@127.0.0.1:{self.port}/postgres"

    def wait_until_ready(self) -> None:
        super().wait_until_ready()
        wait_until_started(self.url)

    def crash(self) -> None:
        """What `pg_ctl stop -m immediate` does: every session is cut, and the next start recovers from the log."""
        self.signal(signal.SIGQUIT)
        self.wait()

    def signal_all(self, number: signal.Signals) -> None:
        """Each session is a process of its own; the one that makes them comes first, so that no other is made."""
        self.signal(number)
        for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), number)

    def freeze(self) -> None:
        self.signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal_all(signal.SIGCONT)

    def end(self) -> None:
        if self.runs:
            self.thaw()
            self.crash()

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, connect_timeout=5) as connection:
            return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]


def initialised(folder: Path) -> Path:
    """A new, empty cluster; returns its data folder."""
    folder.chmod(0o777)
    words = ["-D", str(folder / "data"), "-U", "livedesk", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(as_nobody([program("initdb"), *words]), check=True, capture_output=True, cwd=folder)
    return folder / "data"


class Manage(Program):
    """`manage.py` with the cluster's settings."""

    words: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()

    def __init__(self, name: str, folder: Path, **settings: str) -> None:
        super().__init__(name, folder)
        self.kept = settings
        self.code = ROOT  # or where another release's is
        (folder / "var").mkdir(exist_ok=True)

    @property
    def home(self) -> Path:
        return self.code

    def command(self) -> list[str]:
        return [*self.prefix, sys.executable, "manage.py", *self.words]

    def environment(self) -> dict[str, str]:
        return environment(self.folder / "var", **{**self.kept, **self.settings})


class Web(Manage):
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        self.words = ("serve", "--port", str(self.port))
        return super().command()

    def wait_until_ready(self) -> None:
        """Until it answers at all: how well its dependencies are is another question."""
        deadline = time.monotonic() + LIVES_WITHIN
        while self.runs and time.monotonic() < deadline:
            if self.health() is not None:
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not answer\n{self.said()[-4000:]}")

    def health(self) -> int | None:
        """The status of /health; None where nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return None


class Desk(Manage):
    words = ("rundesk",)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + LIVES_WITHIN
        while self.runs and time.monotonic() < deadline:
            if "The desk runs" in self.said():
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not start\n{self.said()[-4000:]}")

    def spawn(self, **settings: str) -> None:
        self.log.unlink(missing_ok=True)  # what it said before does not tell that it runs now
        super().spawn(**settings)


def copy_static(template: Path, folder: Path) -> None:
    shutil.copytree(template / "static", folder / "var" / "static", dirs_exist_ok=True)
