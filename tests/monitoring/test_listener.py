"""R-METRICS: the desk as a process of its own has no pages, and yet tells its counts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.server import ROOT, environment

from .counts import count, wait_for_count
from .desk_apart import desk_apart

TOKEN = "a token of the tests' own"
FROM_ELSEWHERE = {"X-Forwarded-For": "203.0.113.5"}


@pytest.fixture(scope="module")
def var(desk_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(desk_template, tmp_path_factory.mktemp("apart") / "var"))


@pytest.fixture(scope="module")
def desk(var: Path) -> Iterator[str]:
    with desk_apart(var, var.parent, METRICS_TOKEN=TOKEN) as address:
        yield f"http://{address}"


def said_to(desk: str, words: bytes) -> bytes:
    """All that it answers until it ends the line."""
    host, _, port = desk.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 30) as line:
        line.sendall(words)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_the_desk_tells_what_it_alone_counts(desk: str) -> None:
    wait_for_count(desk, 1.0, "livedesk_desk_lease_held")
    wait_for_count(desk, 1.0, "livedesk_market_quoting")

    age, quotes = count(desk, "livedesk_feed_age_seconds"), count(desk, "livedesk_quotes_received_total")
    assert age is not None and age < 15
    assert quotes and quotes > 0
    assert count(desk, "livedesk_dependency_up", dependency="database") == 1


@pytest.mark.parametrize(("headers", "status"), [({}, 404), ({"Authorization": f"Bearer {TOKEN}"}, 200)])
def test_who_is_not_this_machine_needs_the_token(desk: str, headers: dict[str, str], status: int) -> None:
    assert httpx.get(f"{desk}/metrics", headers=FROM_ELSEWHERE | headers).status_code == status


def test_it_says_that_it_lives_and_has_nothing_else(desk: str) -> None:
    assert httpx.get(f"{desk}/healthz").json() == {"status": "ok"}
    assert [httpx.get(desk + path).status_code for path in ("/", "/health", "/readyz", "/orders/")] == [404] * 4
    assert httpx.post(f"{desk}/metrics").status_code == 405


def test_head_has_no_body(desk: str) -> None:
    head = httpx.head(f"{desk}/metrics")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "words",
    [b"\r\n\r\n", b"GET\r\n\r\n", b"\xff /metrics HTTP/1.1\r\n\r\n", b"GET /metrics HTTP/1.1\r\n", b"x" * 40_000],
    ids=["nothing", "a word", "no letter", "no end", "no end at all"],
)
def test_what_is_no_question_gets_no_answer_and_harms_nobody(desk: str, words: bytes) -> None:
    try:
        answer = said_to(desk, words)
    except ConnectionError:  # it was ended while there was more to read
        answer = b""

    assert answer == b""
    assert httpx.get(f"{desk}/healthz").status_code == 200


def test_a_port_that_is_taken_stops_the_start(desk: str, var: Path) -> None:
    port = desk.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "manage.py", "rundesk", "--metrics-port", port],
        cwd=ROOT,
        env=environment(var),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
