"""R-DRAIN over a real server: what was begun is finished, every page is told, nothing hangs for ever."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import StartDesk
from tests.browser.server import ROOT, DeskServer
from tests.faults.clients import Member, StuckLine, unsent
from tests.live.test_socket import Trader, close_code, until
from tests.patience import at_most

from .hasty import BACKSTOP

MANY = 40


class Hasty(DeskServer):
    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.live.hasty", *self.words, "--port", str(self.port)]


@pytest.fixture
def hasty(desk_template: Path, tmp_path: Path) -> Iterator[Hasty]:
    server = Hasty(desk_template, tmp_path)
    server.start()
    yield server
    server.kill()


@contextmanager
def written_elsewhere(server: DeskServer) -> Iterator[None]:
    """Another program holds the write lock: whoever wants to write waits, for ten seconds at most."""
    with closing(sqlite3.connect(server.var / "livedesk.sqlite3", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def closes(server: DeskServer) -> None:
    """Waits until nobody can connect any more."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{server.url}/health", timeout=10)
        except httpx.ConnectError:
            return
    raise AssertionError("the server still takes connections")


def becomes_full(server: DeskServer, line: StuckLine) -> None:
    """Waits until the server can send it nothing more, for half a second."""
    held, since, ends = 0, time.monotonic(), time.monotonic() + 60
    while not held or time.monotonic() - since < 0.5:
        assert time.monotonic() < ends
        if (now := unsent(server.port)[line.port]) != held:
            held, since = now, time.monotonic()
        time.sleep(0.02)


def goes(server: DeskServer, line: StuckLine, within: float) -> float:
    """Seconds until the server has let go of it."""
    began = time.monotonic()
    while line.port in unsent(server.port):
        assert time.monotonic() - began < within
        time.sleep(0.02)
    return time.monotonic() - began


def test_pages_are_sent_away_one_by_one_and_the_process_ends(start_desk: StartDesk) -> None:
    server = start_desk(WS_MAX_PER_USER="0")
    trader = Trader(server, "alice")
    assert server.process
    with ExitStack() as stack:
        lines = [stack.enter_context(trader.socket()) for _ in range(MANY)]
        for line in lines:
            until(line, lambda frame: True)
        began = time.monotonic()

        def leave(line: object) -> tuple[int | None, float]:
            return close_code(line), time.monotonic() - began  # type: ignore[arg-type]

        with ThreadPoolExecutor(MANY) as pages:
            left = [pages.submit(leave, line) for line in lines]
            server.process.send_signal(signal.SIGTERM)
            ends = [one.result() for one in left]
        code = server.process.wait(timeout=60)
        took = time.monotonic() - began
    trader.http.close()

    moments = sorted(moment for _, moment in ends)
    assert [code for code, _ in ends] == [4503] * MANY
    assert moments[-1] < at_most(3.0)
    assert moments[-1] - moments[0] > 0.7
    assert (code, took < at_most(10.0)) == (0, True)
    assert "at work" not in server.log.read_text()
    assert "took too long" not in server.log.read_text()


def test_a_request_in_flight_is_answered_and_health_says_draining(start_desk: StartDesk) -> None:
    server = start_desk()
    trader = Trader(server, "alice")
    kept, other_one = (httpx.Client(base_url=server.url) for _ in range(2))
    assert server.process and [kept.get("/health").status_code, other_one.get("/readyz").status_code] == [200, 200]
    order = {"quantity": "1", "order_type": "limit", "limit_price": "1.00", "client_order_id": "drained"}
    with ThreadPoolExecutor(1) as other:
        with written_elsewhere(server):
            placed = other.submit(lambda: trader.order(**order))
            until_waiting = time.monotonic() + 0.5
            while time.monotonic() < until_waiting:
                assert not placed.done()
            server.process.send_signal(signal.SIGTERM)
            closes(server)
            health, ready = kept.get("/health"), other_one.get("/readyz")
        answer = placed.result()
    code = server.process.wait(timeout=60)
    for client in (kept, other_one, trader.http):
        client.close()

    assert (health.status_code, health.json(), health.headers["connection"]) == (503, {"status": "draining"}, "close")
    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert (answer.status_code, answer.json()["client_order_id"]) == (201, "drained")
    assert code == 0


def test_a_stuck_page_keeps_neither_the_process_nor_a_request_that_hangs(start_desk: StartDesk) -> None:
    server = start_desk(SIM_RATE="40")
    trader = Trader(server, "alice")
    assert server.process
    with ExitStack() as stack:
        stuck = StuckLine(server.port, Member(0, 0, trader.http.cookies["sessionid"]))
        stack.callback(stuck.close)
        becomes_full(server, stuck)
        other, page = stack.enter_context(ThreadPoolExecutor(1)), stack.enter_context(trader.socket())
        until(page, lambda frame: True)
        with written_elsewhere(server):
            placed = other.submit(lambda: trader.order(quantity="1", order_type="limit", limit_price="1.00"))
            server.process.send_signal(signal.SIGTERM)
            gone = goes(server, stuck, at_most(8.0))
            told = close_code(page)
            assert not placed.done()
        answer = placed.result()
        code = server.process.wait(timeout=60)
    trader.http.close()

    assert gone < at_most(4.0)
    assert (told, answer.status_code, code) == (4503, 201, 0)
    assert "at work" not in server.log.read_text()


def test_a_second_signal_ends_it_at_once(start_desk: StartDesk) -> None:
    server = start_desk()
    trader = Trader(server, "alice")
    assert server.process
    with ThreadPoolExecutor(1) as other, written_elsewhere(server):
        placed = other.submit(lambda: trader.order(quantity="1"))
        server.process.send_signal(signal.SIGTERM)
        closes(server)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=60)
        took = time.monotonic() - began
        assert isinstance(placed.exception(), httpx.TransportError)
    trader.http.close()

    assert took < at_most(3.0)


def test_a_request_that_never_ends_keeps_no_server(hasty: Hasty) -> None:
    """Its thread would: the process is ended at last."""
    trader = Trader(hasty, "alice")
    assert hasty.process
    with ThreadPoolExecutor(1) as other, written_elsewhere(hasty), trader.socket() as page:
        until(page, lambda frame: True)
        placed = other.submit(lambda: trader.order(quantity="1"))
        began = time.monotonic()
        while not placed.running() or time.monotonic() - began < 0.5:
            assert not placed.done()
        hasty.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        told, code = close_code(page), hasty.process.wait(timeout=60)
        took = time.monotonic() - began
        assert isinstance(placed.exception(), httpx.TransportError)
    trader.http.close()

    assert (told, code) == (4503, 1)
    assert BACKSTOP - 0.5 < took < at_most(BACKSTOP + 1)
    assert "ended with 0 sockets and 1 requests at work" in hasty.log.read_text()


def test_whatever_hangs_the_process_ends() -> None:
    """A thread that never returns would keep the interpreter for ever."""
    program = "import threading; from config.drain import end_within; end_within(0.2); threading.Event().wait()"

    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60, check=False)

    assert ended.returncode == 1
