"""R-SCALE: the same code as a web process and a desk of its own, over a real PostgreSQL and a real Redis."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.server import ROOT, DeskServer, environment, manage
from tests.live.test_socket import Trader, read_until, until
from tests.services import postgres, redis

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

DEPLOYED = {"DEMO_SIGN_IN": "on", "HTTPS": "off", "SECRET_KEY": "a key of the test's own, " * 4}


class WebProcess(DeskServer):
    """`manage.py serve` without the desk."""

    words = ("serve",)


@pytest.fixture(scope="module")
def web(
    desk_template: Path, migrated_postgres: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProcess]:
    home = tmp_path_factory.mktemp("deployed")
    with postgres(migrated_postgres) as database_url, redis() as redis_url:
        settings = {**DEPLOYED, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
        manage(home, "seed_demo", **settings)
        server = WebProcess(desk_template, home, **settings)
        with (home / "desk.log").open("wb") as log:
            desk = subprocess.Popen(
                [sys.executable, "manage.py", "rundesk"],
                cwd=ROOT,
                env=environment(home, **settings),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                server.start()
                yield server
            finally:
                server.terminate()
                desk.terminate()
                assert desk.wait(timeout=60) == 0


@pytest.fixture
def alice(web: WebProcess) -> Iterator[Trader]:
    trader = Trader(web, "alice")
    yield trader
    trader.http.close()


def test_quotes_of_the_desk_reach_the_pages_of_the_web_process(alice: Trader) -> None:
    with alice.socket() as socket:
        first = until(socket, lambda frame: 'id="quote-AAPL"' in frame and "watchlist-" not in frame)

    assert "gain" in first or "loss" in first or "flat" in first


def test_an_order_is_filled_by_the_desk_and_told_by_the_web_process(alice: Trader) -> None:
    before = alice.seq()
    with alice.socket(since=str(before)) as socket:
        placed = alice.order(quantity="5", client_order_id="two-processes")
        told = read_until(socket, 'data-kind="order.filled"')

    assert placed.status_code == 201
    assert f'data-seq="{before + 1}"' in told
    order = alice.http.get(f"/orders/{placed.json()['id']}/", headers={"Accept": "application/json"}).json()
    assert (order["status"], order["cum_qty"]) == ("filled", "5")


def test_health_knows_every_dependency_and_the_figures(alice: Trader) -> None:
    with alice.socket() as line:
        until(line, lambda frame: True)
        report = httpx.get(f"{alice.server.url}/health").json()

    assert report["status"] == "healthy"
    assert [report[name]["status"] for name in ("database", "redis", "feed")] == ["ok", "ok", "ok"]
    assert report["processes"] == 1
    assert report["websocket"]["totalConnections"] >= 0
