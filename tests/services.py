"""A real PostgreSQL and a real Redis for a test, started here and ended by their process ids."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.ports import free_port

STARTS_WITHIN = 60.0


def program(name: str) -> str:
    """Where a program is; skips the test without it, and fails in CI, where nothing may be skipped."""
    places = [
        os.environ.get("PATH", ""),
        "/usr/sbin",
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    ]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found:
        return found
    reason = f"{name} is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def as_nobody(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(command)
    return [program("setpriv"), "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"no answer on port {port}: {log.read_text()}")


@contextmanager
def running(
    command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment)
    try:
        wait_for_port(port, process, log)
        yield
    finally:
        end(process, 10)


def end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Asks it to end, and ends it where it takes longer (s)."""
    process.terminate()
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_started(url: str) -> None:
    """PostgreSQL listens a moment before it lets anybody in."""
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def postgres(template: Path | None = None) -> Iterator[str]:
    """A DATABASE_URL of a cluster of the test's own: empty, or a copy of the template's data folder."""
    with cluster_folder(template) as folder, served(folder) as url:
        yield url


@contextmanager
def cluster_folder(template: Path | None = None) -> Iterator[Path]:
    """A folder with a cluster's `data` in it."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # a socket's path must be short
        Path(name).chmod(0o777)
        if template is None:
            cluster = ["-D", f"{name}/data", "-U", "livedesk", "-A", "trust", "-E", "UTF8", "--no-sync"]
            subprocess.run(as_nobody([program("initdb"), *cluster]), check=True, capture_output=True, cwd=name)
        else:
            subprocess.run(["cp", "-a", str(template), f"{name}/data"], check=True)
        yield Path(name)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's cluster runs; it ends in order, so that a copy of its data begins without recovery."""
    port = free_port()
    options = ["-D", f"{folder}/data", "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)]
    tuning = ["-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=100"]
    with running(as_nobody([program("postgres"), *options, *tuning]), port, folder):
        url = f"postgres://livedesk@127.0.0.1:{port}/postgres"
        wait_until_started(url)
        yield url


@contextmanager
def redis() -> Iterator[str]:
    """A REDIS_URL of a fresh server that keeps nothing."""
    server = program("redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-") as name:
        folder, port = Path(name), free_port()
        with running([server, "--port", str(port), "--save", "", "--bind", "127.0.0.1"], port, folder):
            yield f"redis://127.0.0.1:{port}/0"
