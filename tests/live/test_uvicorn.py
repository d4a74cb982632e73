"""The same application on a stock ASGI server, started as the runbook says: the same promises but for prepared frames
and the drain, which are our own server's."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.browser.server import ROOT, DeskServer, environment
from tests.live.test_drain import written_elsewhere
from tests.live.test_floods import dropped_after
from tests.live.test_slow_page import RawSocket
from tests.live.test_socket import Trader, close_code, read_until, until
from tests.patience import at_most
from tests.ports import free_port
from tests.services import redis

pytestmark = pytest.mark.redis

COMMAND = re.search(r"```sh\nuvicorn (.*?)```", (ROOT / "docs/runbook.md").read_text(), re.S)
REFUSED = 3  # uvicorn's exit code of a start that failed


def by_the_runbook(port: int, *options: str) -> list[str]:
    """What is said again holds."""
    assert COMMAND
    given = shlex.split(COMMAND[1].replace("\\\n", " "))
    return [sys.executable, "-m", "uvicorn", *given, "--port", str(port), *options]


class Uvicorn(DeskServer):
    """Its heartbeat is faster than in earnest."""

    def command(self) -> list[str]:
        return by_the_runbook(self.port, "--ws-ping-interval", "1", "--ws-ping-timeout", "4")


class Desk(DeskServer):
    """The desk of its own; it serves nothing, so whoever waits for it asks the web process."""

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "rundesk"]

    def wait_until_healthy(self) -> None:
        return


@contextmanager
def stock_server(template: Path, folder: Path) -> Iterator[Uvicorn]:
    """A web process, and the desk beside it."""
    with redis() as url:
        server = Uvicorn(template, folder / "web", REDIS_URL=url)
        desk = Desk(template, folder / "desk", REDIS_URL=url)
        desk.var = server.var
        desk.start()
        server.start()
        yield server
        server.terminate()
        assert desk.terminate() == 0


@pytest.fixture(scope="module")
def uvicorn(desk_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uvicorn]:
    with stock_server(desk_template, tmp_path_factory.mktemp("uvicorn")) as server:
        yield server


@pytest.fixture
def alice(uvicorn: Uvicorn) -> Iterator[Trader]:
    trader = Trader(uvicorn, "alice")
    yield trader
    trader.http.close()


def test_a_page_gets_its_state_and_its_events(alice: Trader) -> None:
    before = alice.seq()
    with alice.socket(since=str(before)) as line:
        until(line, lambda frame: 'id="quote-AAPL"' in frame and "no quote yet" not in frame)
        placed = alice.order(quantity="1", order_type="limit", limit_price="1.00", client_order_id="uvicorn-1")
        assert placed.status_code == 201
        told = read_until(line, 'data-kind="order.')

    assert f'data-seq="{before + 1}"' in told


@pytest.mark.parametrize(
    ("said", "code"), [("hello", 4400), (b"\x00", 4400), ("", 4400), ("x" * 20_000, 4413), ('{"type": "order"}', 4400)]
)
def test_what_must_not_be_said_ends_the_socket(alice: Trader, said: str | bytes, code: int) -> None:
    with alice.socket() as line:
        line.send(said)

        assert close_code(line) == code


def test_logout_and_floods_end_it_too(alice: Trader) -> None:
    with alice.socket() as loud, alice.socket() as quiet:
        for _ in range(30):
            loud.send('{"type": "hidden", "value": true}')
        flooded = close_code(loud)
        alice.post("/accounts/logout/")

        assert (flooded, close_code(quiet)) == (4429, 4401)


def test_foreign_origins_are_refused(alice: Trader) -> None:
    with pytest.raises(InvalidStatus) as refused, alice.socket(origin="http://evil.example"):
        pass

    assert refused.value.response.status_code == 403


def test_pings_are_answered_and_the_metrics_are_this_machines_only(alice: Trader) -> None:
    """uvicorn itself believes what a proxy on this machine says of the client."""
    with alice.socket() as line:
        line.send('{"type": "ping", "at": 5}')
        until(line, lambda frame: frame.startswith('<div id="pong" hidden data-at="5" '))

    assert "livedesk_sockets_open" in alice.http.get("/metrics").text
    assert alice.http.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_a_body_over_a_mebibyte_is_refused_and_changes_nothing(alice: Trader) -> None:
    before = alice.seq()

    refused = alice.order(quantity="1", note="x" * (1 << 20))

    assert (refused.status_code, refused.text.partition(":")[0]) == (413, "Too large")
    assert alice.seq() == before


def test_a_user_has_so_many_sockets_and_a_number_never_given_out_starts_afresh(alice: Trader) -> None:
    with ExitStack() as lines:
        oldest, *_, newest = [lines.enter_context(alice.socket()) for _ in range(6)]

        assert close_code(oldest) == 4409
        assert until(newest, lambda frame: "quote-" in frame)
    with alice.socket(since="999999999999") as line:
        assert close_code(line) == 4410


def test_a_peer_that_answers_no_ping_is_dropped_and_another_kept(alice: Trader) -> None:
    """R-PING"""
    with alice.socket() as answering:
        took = dropped_after(RawSocket(alice, "/ws/desk/"), answering)
    assert took < at_most(8.0)


def test_a_stop_answers_what_was_begun_and_sends_pages_away(alice: Trader, uvicorn: Uvicorn) -> None:
    """R-DRAIN: with the code that pages take for a restart; the desk hears of it and ends what it began."""
    assert uvicorn.process
    with ThreadPoolExecutor(1) as other, alice.socket() as line:
        until(line, lambda frame: True)
        with written_elsewhere(uvicorn):
            placed = other.submit(lambda: alice.order(quantity="1", order_type="limit", limit_price="1.00"))
            with pytest.raises(TimeoutError):
                placed.result(timeout=0.5)
            uvicorn.process.send_signal(signal.SIGTERM)
            told = close_code(line)
            assert not placed.done()
        answer = placed.result()
    uvicorn.process.wait(timeout=60)
    ended, said = uvicorn.terminate(), uvicorn.log.read_text()
    uvicorn.start()

    assert (told, answer.status_code, ended) == (1012, 201, -signal.SIGTERM)
    assert "Application shutdown complete" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ("DATABASE_URL cannot be used", {"DATABASE_URL": "postgres://u:{word}@127.0.0.1:{port}/desk"}),
        ("REDIS_URL cannot be used", {"REDIS_URL": "redis://:{word}@nosuch.invalid:6379/0"}),
        ("DEMO_SIGN_IN lets anybody in", {"ALLOWED_HOSTS": "desk.example.com"}),
    ],
)
def test_what_keeps_serve_from_starting_keeps_it_too(named: str, wrong: dict[str, str], tmp_path: Path) -> None:
    given = {name: value.format(word="hidden", port=free_port()) for name, value in wrong.items()}
    known = {"SECRET_KEY": "k" * 60, "HTTPS": "off", "DEMO_SIGN_IN": "on", **given}
    done = subprocess.run(
        by_the_runbook(free_port()),
        cwd=ROOT,
        env=environment(tmp_path, **known),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == REFUSED
    assert named in done.stderr
    assert "hidden" not in done.stderr
