"""Who is measured: the product, the rival and the machine's limit; how each is started and spoken to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser.server import ROOT, DeskServer, environment, manage
from tests.ports import free_port
from tests.services import end

from .serve import QUERIES, TICKS

SYMBOLS, WATCHED = 100, 20
TRADERS = 5000
POSITIONS = 10
STARTS_WITHIN_S = 30
Words = list[str]


@dataclass
class Machine:
    """Where things are, and which processors serve and load; both None where there is only one."""

    folder: Path
    load: Path
    limit: Path
    rival: Path
    server_cpu: int | None = None
    client_cpu: int | None = None
    sessions: list[str] = field(default_factory=list)

    @property
    def template(self) -> Path:
        return self.folder / "template"


def pinned(cpu: int | None, words: Sequence[str]) -> Words:
    return [*(["taskset", "-c", str(cpu)] if cpu is not None else []), *words]


@dataclass
class Running:
    """A started party: its process, what the load client must be told, and what its feed gave from one moment on."""

    pid: int
    port: int
    words: Words
    rate: float
    var: Path | None = None

    def offered(self, begin_us: int, end_us: int) -> float:
        """Moves of all symbols that the feed made in between. Rival and limit make what they are asked for."""
        if self.var is None:
            return self.rate * SYMBOLS * (end_us - begin_us) / 1e6
        lines = [line.split() for line in (self.var / TICKS).read_text().splitlines()]
        moments = [int(at) for at, _ in lines]
        return sum(int(count) for _, count in lines[bisect_left(moments, begin_us) : bisect_left(moments, end_us)])


class Product(DeskServer):
    """One web process with the desk in it, on the embedded default, in a copy of the prepared folder."""

    def __init__(self, machine: Machine, home: Path, **settings: str) -> None:
        super().__init__(machine.template, home, **settings)
        self.cpu = machine.server_cpu

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def command(self) -> Words:
        return pinned(self.cpu, [sys.executable, "-m", "bench.serve", "--port", str(self.port)])

    def wait_until_healthy(self) -> None:
        super().wait_until_healthy()
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not (self.var / TICKS).exists() or not (self.var / TICKS).stat().st_size:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the feed gives nothing\n{self.tail()}")
            time.sleep(0.05)


def prepare(machine: Machine, positions: bool) -> None:
    """Traders, their lists and sessions, a day of history: once, for every start to begin from."""
    settings = {"SIM_SYMBOLS": str(SYMBOLS), "SIM_RATE": "1"}
    empty = machine.folder / "empty"
    empty.mkdir()
    manage(empty, "migrate", "--verbosity", "0", **settings)
    manage(empty, "collectstatic", "--no-input", "--verbosity", "0", **settings)
    words = ("demo_sessions", "--count", str(TRADERS), "--watch", str(WATCHED))
    machine.sessions = manage(empty, *words, **settings).split()
    shutil.move(empty, machine.template)
    first = Product(machine, machine.folder / "first", **settings)
    first.start()
    time.sleep(3)  # every symbol has a quote, and it is saved
    first.terminate()
    if positions:
        booking = [sys.executable, "-m", "bench.positions", "1000", str(POSITIONS)]
        subprocess.run(booking, cwd=ROOT, env=environment(first.var, **settings), check=True)
    (first.var / "static").unlink()  # a link to those of what it began from
    shutil.move(machine.template / "static", first.var / "static")
    shutil.rmtree(machine.template)
    shutil.move(first.var, machine.template)


@contextmanager
def product(machine: Machine, rate: float, page: str, **settings: str) -> Iterator[Running]:
    home = machine.folder / "run"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    asked = {"SIM_SYMBOLS": str(SYMBOLS), "SIM_RATE": f"{rate:g}", "LOG_LEVEL": "WARNING", **settings}
    server = Product(machine, home, **asked)
    server.start()
    cookies = machine.folder / "sessions"
    cookies.write_text("".join(f"sessionid={key}\n" for key in machine.sessions))
    words = ["--path", f"/ws/{page}/", "--origin", server.url, "--cookies", str(cookies)]
    try:
        yield Running(server.pid, server.port, words, rate, server.var)
    finally:
        server.terminate()
        # /health is asked before the desk's first beat, and says so
        lines = [line for line in server.tail(2000).splitlines() if "apps.monitoring.health" not in line]
        if faults := [line for line in lines if " ERROR " in line]:
            print(f"the product logged {len(faults)} errors, the first: {faults[0]}", file=sys.stderr)


def queries_of(party: Running) -> dict[str, int]:
    """What `bench.serve` counted, once it has ended."""
    return json.loads((party.var / QUERIES).read_text()) if party.var else {}


@contextmanager
def process(machine: Machine, words: Words, port: int) -> Iterator[int]:
    running = subprocess.Popen(pinned(machine.server_cpu, words))
    try:
        wait_for_port(running, port)
        yield running.pid
    finally:
        end(running, 5)


def wait_for_port(running: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not listens(port):
        if running.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"nobody listens on port {port}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """By the kernel's table: a connection would be a client more."""
    wanted = f"0100007F:{port:04X} 00000000:0000 0A"
    return wanted in Path("/proc/net/tcp").read_text()


@contextmanager
def rival(machine: Machine, rate: float) -> Iterator[Running]:
    port = free_port()
    cookies = machine.folder / "sids"
    cookies.write_text("".join(f"sid=session{number}\n" for number in range(1, TRADERS + 1)))
    words = ["--path", "/socket.io/?EIO=4&transport=websocket", "--socket-io", "--cookies", str(cookies)]
    words += ["--watch", str(WATCHED), "--symbols", str(SYMBOLS), "--stamp", '"ts":']
    with process(machine, ["node", str(machine.rival), str(port), f"{rate:g}", str(SYMBOLS)], port) as pid:
        yield Running(pid, port, words, rate)


@contextmanager
def limit(machine: Machine, rate: float, window_ms: int) -> Iterator[Running]:
    port = free_port()
    words = ["--watch", str(WATCHED), "--symbols", str(SYMBOLS)]
    with process(machine, [str(machine.limit), str(port), f"{rate:g}", str(window_ms), str(SYMBOLS)], port) as pid:
        yield Running(pid, port, words, rate)


def processors() -> tuple[int | None, int | None]:
    """One for the server and one for the client, where there are two."""
    free = sorted(os.sched_getaffinity(0))
    return (free[0], free[1]) if len(free) > 1 and shutil.which("taskset") else (None, None)
