"""The runner over a real server: what comes in is bounded, and who asks is who asks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network

import pytest
from websockets.exceptions import ConnectionClosed

from config.forwarded import resolve
from tests.browser.server import DeskServer
from tests.live.test_socket import Trader, close_code


@pytest.fixture
def alice(desk_server: DeskServer) -> Iterator[Trader]:
    trader = Trader(desk_server, "alice")
    yield trader
    trader.http.close()


def raw(server: DeskServer, request: bytes) -> bytes:
    """Sends bytes and gives all that is answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=40) as line:
        line.sendall(request)
        answer = b""
        while more := line.recv(65536):
            answer += more
            if b"\r\n\r\n" in answer and b"413" in answer[:16]:
                break
    return answer


def head_of(server: DeskServer, *headers: str) -> bytes:
    lines = ["POST /orders/ HTTP/1.1", f"Host: 127.0.0.1:{server.port}", *headers, "", ""]
    return "\r\n".join(lines).encode()


FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNK = b"20000\r\n" + b"x" * 0x20000 + b"\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 400000000"], b""),
        (["Content-Length: 400000000", "Expect: 100-continue"], b""),
        (["Content-Length: 1048577"], b"x" * 1_048_577),
        (["Transfer-Encoding: chunked"], CHUNK * 9),
    ],
)
def test_a_body_over_a_mebibyte_is_refused_before_it_is_read(
    desk_server: DeskServer, headers: list[str], body: bytes
) -> None:
    answer = raw(desk_server, head_of(desk_server, *headers) + body)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_body_below_it_reaches_the_desk(desk_server: DeskServer) -> None:
    answer = raw(desk_server, head_of(desk_server, "Content-Length: 5", FORM, "Connection: close") + b"hello")

    assert answer.startswith(b"HTTP/1.1 403 ")  # no token


def test_a_header_of_the_clients_does_not_move_the_desk(desk_server: DeskServer, alice: Trader) -> None:
    answer = alice.http.get("/", headers={"Daphne-Root-Path": "/evil"})

    assert "/evil" not in answer.text


@pytest.mark.parametrize("size", [16_385, 300_000, 3_000_000])
def test_a_message_that_is_too_large_ends_its_socket(alice: Trader, size: int) -> None:
    with alice.socket() as line, suppress(ConnectionClosed):
        line.send("x" * size)

        assert close_code(line) == 4413


def test_a_message_in_many_pieces_is_still_one_message(alice: Trader) -> None:
    with alice.socket() as line, suppress(ConnectionClosed):
        line.send("x" * 1000 for _ in range(40))

        assert close_code(line) == 4413


def scope(*headers: tuple[bytes, bytes]) -> dict[str, object]:
    return {"type": "http", "scheme": "http", "client": ["10.0.0.9", 1], "headers": [(b"host", b"desk"), *headers]}


def test_without_a_proxy_of_ours_forwarded_headers_are_thrown_away() -> None:
    told = resolve(scope((b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-proto", b"https")), 0)

    assert (told["client"], told["scheme"], told["headers"]) == (["10.0.0.9", 1], "http", [(b"host", b"desk")])


@pytest.mark.parametrize(("hops", "client"), [(1, ["203.0.113.5", 0]), (2, ["198.51.100.7", 0]), (4, ["10.0.0.9", 1])])
def test_only_what_our_own_proxies_added_is_believed(hops: int, client: list[object]) -> None:
    chain = (b"x-forwarded-for", b"6.6.6.6, 198.51.100.7, 203.0.113.5")

    assert resolve(scope(chain), hops)["client"] == client


@pytest.mark.parametrize(
    ("networks", "peer", "client"),
    [
        ((), "10.0.0.9", "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.9", "203.0.113.5"),
        (("192.0.2.0/24", "10.0.0.9"), "::ffff:10.0.0.9", "203.0.113.5"),
        (("192.0.2.0/24",), "10.0.0.9", "10.0.0.9"),
        (("10.0.0.0/8",), "2001:db8::9", "2001:db8::9"),
        (("10.0.0.0/8",), "", ""),
    ],
)
def test_only_proxies_that_connect_from_their_networks_are_believed(
    networks: tuple[str, ...], peer: str, client: str
) -> None:
    """Whoever reaches the process past them could else be anybody. `forwarded` says that a word was not believed."""
    chain = scope((b"x-forwarded-for", b"203.0.113.5"), (b"x-forwarded-proto", b"https")) | {"client": [peer, 1]}

    told = resolve(chain, 1, [ip_network(network) for network in networks])

    believed = client == "203.0.113.5"
    assert (told["client"][0], told["scheme"] == "https", told["forwarded"]) == (client, believed, not believed)
    assert told["headers"] == [(b"host", b"desk")]


def test_the_scheme_is_the_one_the_proxy_saw() -> None:
    told = resolve(scope((b"x-forwarded-for", b"203.0.113.5"), (b"x-forwarded-proto", b"https")), 1)

    assert told["scheme"] == "https"
