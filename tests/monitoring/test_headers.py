"""What every answer carries, over the wire of a real server."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.server import DeskServer

WANTED = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


@pytest.fixture(scope="module")
def address(desk_server: DeskServer) -> str:
    return desk_server.url


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/orders/", 302), ("/nowhere/", 404), ("/accounts/demo/", 405)]
)
def test_pages_cannot_be_framed_or_kept(address: str, path: str, status: int) -> None:
    answer = httpx.get(address + path)

    assert answer.status_code == status
    assert {name: answer.headers[name] for name in WANTED} == WANTED
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_health_carries_them_though_django_never_sees_it(address: str) -> None:
    answer = httpx.get(f"{address}/health")

    assert {name: answer.headers[name] for name in WANTED} == WANTED
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_client_cannot_say_where_the_desk_is_mounted(address: str) -> None:
    """daphne believes this header."""
    answer = httpx.get(f"{address}/orders/", headers={"Daphne-Root-Path": "/%2Fevil.example"})

    assert answer.headers["location"] == "/accounts/login/?next=/orders/"


def test_large_body_in_chunks_is_413(address: str) -> None:
    answer = httpx.post(
        f"{address}/orders/", content=iter([b"x" * 40_000] * 2), headers={"Accept": "application/json"}
    )

    assert (answer.status_code, answer.json()["error"]) == (413, "Too large")


def test_socket_elsewhere_is_refused_and_is_no_fault(address: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), connect(address.replace("http", "ws") + "/ws/nowhere/"):
        pass
