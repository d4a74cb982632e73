"""R-API: what the desk says of itself is what it does. And what machines ask: does it live, is it ready."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from django.urls import resolve

from apps.monitoring import health
from apps.monitoring.answers import liveness, readiness
from tests.browser.server import DeskServer
from tests.live.test_socket import Trader, close_code, until


@pytest.fixture(scope="module")
def told(desk_server: DeskServer) -> dict[str, Any]:
    answer = httpx.get(f"{desk_server.url}/api")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return dict(answer.json())


def test_it_names_itself_and_its_limits(told: dict[str, Any]) -> None:
    assert (told["name"], told["version"]) == ("Livedesk", "0.2.0")
    assert told["limits"]["WS_MAX_PER_USER"] == 5
    assert told["configuration"]["WS_PING_INTERVAL"] == 25_000


def test_every_address_it_names_is_there(told: dict[str, Any]) -> None:
    """Those of machines are answered before Django."""
    own = {"/healthz", "/readyz", "/metrics"}
    assert {"GET /api", "POST /orders/", "POST /orders/{order_id}/cancel/"} <= told["http"].keys()
    for words in told["http"]:
        method, path = words.split()
        filled = re.sub(r"\{\w+\}", "1", path.replace("{order_id}", "00000000-0000-4000-8000-000000000000"))
        assert method in {"GET", "POST"}
        assert path in own or resolve(filled)


def test_it_leads_to_the_description_of_its_addresses(told: dict[str, Any], desk_server: DeskServer) -> None:
    answer = httpx.get(desk_server.url + told["openapi"])

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert (answer.headers["content-encoding"], answer.headers["cache-control"]) == ("gzip", "no-cache")
    assert answer.json()["info"]["version"] == told["version"]
    assert {f"{method.upper()} {path}" for path, methods in answer.json()["paths"].items() for method in methods} == (
        told["http"].keys()
    )


def test_every_socket_it_names_opens_and_every_message_it_names_is_understood(
    told: dict[str, Any], desk_server: DeskServer
) -> None:
    trader = Trader(desk_server, "admin")
    fields = {"hidden": {"value": False}, "ping": {"at": 1}, "ack": {"kind": "quote", "ms": 5}}
    assert fields.keys() == told["websocket"]["messages"].keys()
    for path in told["websocket"]["endpoints"]:
        with trader.socket(path) as line:
            for kind, rest in fields.items():
                line.send(json.dumps({"type": kind, **rest}))
            line.send(json.dumps({"type": "ping", "at": 2}))
            assert until(line, lambda frame: 'id="pong"' in frame)
    with trader.socket(next(iter(told["websocket"]["endpoints"]))) as line:
        line.send(json.dumps({"type": "buy"}))
        code = close_code(line)
    trader.http.close()

    assert code in {each["close"] for each in told["websocket"]["closeCodes"]}


def test_a_process_that_runs_lives_and_is_ready(desk_server: DeskServer) -> None:
    alive, ready = (httpx.get(f"{desk_server.url}/{name}") for name in ("healthz", "readyz"))

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_without_its_database_a_process_lives_and_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart would not help it; requests sent elsewhere would."""

    def broken() -> health.Report:
        raise ConnectionError("gone")

    pulse = health.Pulse()
    monkeypatch.setattr(health, "_pulse", pulse)
    monkeypatch.setattr(health, "checks", lambda: {"database": broken})

    alive, ready = await liveness({}), await readiness({})

    assert pulse.task
    pulse.task.cancel()
    assert (alive[0], ready[0], json.loads(ready[2])) == (200, 503, {"status": "not ready"})
