"""The same application on a stock ASGI server: no prepared frames, no drain of ours, the same promises."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.browser.server import DeskServer
from tests.live.test_socket import Trader, close_code, read_until, until
from tests.services import redis

pytestmark = pytest.mark.redis


class Uvicorn(DeskServer):
    def command(self) -> list[str]:
        options = ["--ws", "websockets-sansio", "--port", str(self.port), "--lifespan", "off"]
        return [sys.executable, "-m", "uvicorn", "config.asgi:application", *options]


class Desk(DeskServer):
    """The desk of its own; it serves nothing, so whoever waits for it asks the web process."""

    def command(self) -> list[str]:
        return [sys.executable, "manage.py", "rundesk"]

    def wait_until_healthy(self) -> None:
        return


@pytest.fixture(scope="module")
def uvicorn(desk_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uvicorn]:
    with redis() as url:
        server = Uvicorn(desk_template, tmp_path_factory.mktemp("uvicorn"), REDIS_URL=url)
        desk = Desk(desk_template, tmp_path_factory.mktemp("desk"), REDIS_URL=url)
        desk.var = server.var
        desk.start()
        server.start()
        yield server
        server.terminate()
        assert desk.terminate() == 0


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
