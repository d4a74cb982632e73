"""R-RATE over a real server: how many sockets, how often, how much may be said, and what the limited are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.browser.conftest import StartDesk
from tests.browser.server import DeskServer
from tests.live.test_floods import masked
from tests.live.test_sessions import two_processes
from tests.live.test_socket import Trader, close_code, until
from tests.services import redis

OFFICE, HOME = "203.0.113.7", "198.51.100.9"


@pytest.fixture(scope="module")
def limited(start_desk: StartDesk) -> DeskServer:
    """Behind one proxy, which the tests play."""
    return start_desk(TRUSTED_PROXIES="1", WS_MAX_PER_USER="2", WS_MAX_PER_ADDRESS="3", WS_HANDSHAKES_PER_MINUTE="40")


@pytest.fixture
def sign_in(limited: DeskServer) -> Iterator[Callable[[str], Trader]]:
    traders: list[Trader] = []

    def come(name: str) -> Trader:
        traders.append(Trader(limited, name))
        return traders[-1]

    yield come
    for trader in traders:
        trader.http.close()


@contextmanager
def line_of(trader: Trader, address: str, cookies: str | None = None) -> Iterator[ClientConnection]:
    known = trader.cookies
    with connect(
        trader.server.url.replace("http", "ws") + "/ws/desk/",
        origin=trader.server.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": known if cookies is None else cookies, "X-Forwarded-For": address},
        max_queue=None,  # else its end waits ten seconds behind frames that nobody has read
    ) as line:
        yield line


def wait_told(line: ClientConnection) -> int:
    frame = until(line, lambda frame: "data-wait" in frame)
    return int(re.search(r'data-wait="(\d+)"', frame)[1])  # type: ignore[index]


def test_one_socket_too_many_of_a_user_closes_the_oldest(sign_in: Callable[[str], Trader]) -> None:
    alice = sign_in("alice")
    with line_of(alice, OFFICE) as first, line_of(alice, HOME) as second:
        until(second, lambda frame: True)
        with line_of(alice, HOME) as third:
            assert close_code(first) == 4409
            assert until(second, lambda frame: "quote-" in frame)
            assert until(third, lambda frame: "quote-" in frame)


def test_one_socket_too_many_of_an_address_is_refused_and_no_other(sign_in: Callable[[str], Trader]) -> None:
    """IPv6: a subscriber's whole /64 is one address."""
    alice, bob = sign_in("alice"), sign_in("bob")
    with ExitStack() as lines:
        for number, trader in enumerate([alice, alice, bob]):
            line = lines.enter_context(line_of(trader, f"2001:db8::{number}"))
            until(line, lambda frame: True)
        refused = lines.enter_context(line_of(bob, "2001:db8::9"))

        assert (wait_told(refused), close_code(refused)) == (60, 4429)
        elsewhere = lines.enter_context(line_of(bob, "2001:db8:1::9"))
        assert until(elsewhere, lambda frame: "quote-" in frame)
    with line_of(alice, "2001:db8::1") as again:
        assert until(again, lambda frame: "quote-" in frame)


@pytest.mark.redis
def test_both_are_counted_over_all_processes(start_desk: StartDesk) -> None:
    """R-SCALE: nobody has as many sockets as limits times processes."""
    limits = {"TRUSTED_PROXIES": "1", "WS_MAX_PER_USER": "2", "WS_MAX_PER_ADDRESS": "3"}
    with redis() as url, two_processes(start_desk, url, **limits) as (alice, there), ExitStack() as lines:
        bob = Trader(there.server, "bob")
        lines.callback(bob.http.close)
        there.http.cookies = alice.http.cookies
        oldest, second = (lines.enter_context(line_of(one, OFFICE)) for one in (alice, there))
        until(second, lambda frame: True)
        third = lines.enter_context(line_of(there, OFFICE))
        assert close_code(oldest) == 4409
        assert until(third, lambda frame: "quote-" in frame)

        until(lines.enter_context(line_of(bob, OFFICE)), lambda frame: True)
        refused = lines.enter_context(line_of(alice, OFFICE))
        assert (wait_told(refused), close_code(refused)) == (60, 4429)


def test_too_many_handshakes_in_a_minute_are_refused_before_the_session_is_looked_up(
    sign_in: Callable[[str], Trader],
) -> None:
    stranger = sign_in("")
    codes: list[int | None] = []
    for _ in range(81):  # two minutes' worth and one: a minute may end in between
        with line_of(stranger, "192.0.2.1", cookies="sessionid=forged") as line:
            codes.append(close_code(line))
        if codes[-1] == 4429:
            break
    with line_of(stranger, "192.0.2.1") as line:
        wait = wait_told(line)

    assert set(codes) == {4401, 4429}
    assert 0 < wait <= 60
    with line_of(sign_in("bob"), "192.0.2.2") as other:
        assert until(other, lambda frame: True)


def test_a_page_that_talks_too_much_is_told_to_wait(desk_server: DeskServer) -> None:
    alice = Trader(desk_server, "alice")
    with alice.socket() as line:
        for _ in range(40):
            line.send('{"type": "hidden", "value": false}')

        assert (wait_told(line), close_code(line)) == (60, 4429)
    alice.http.close()


def test_a_page_may_say_what_is_in_the_vocabulary(desk_server: DeskServer) -> None:
    alice = Trader(desk_server, "alice")
    with alice.socket() as line:
        line.send('{"type": "hidden", "value": true}')

        assert until(line, lambda frame: "quote-" in frame)
    alice.http.close()


@pytest.mark.parametrize(
    "said",
    [
        "", "hello", "[]", "null", "1", '"hidden"', b"\x00\xff", b'{"type": "hidden", "value": true}',
        '{"type": "order"}', '{"type": ["hidden"]}', '{"type": "hidden"}', '{"type": "hidden", "value": 1}',
        '{"type": "hidden", "value": true, "more": 1}', "[" * 9000, "9" * 9000, '{"type": "hidden", "value": true',
    ],
)  # fmt: skip
def test_anything_else_ends_the_socket_at_once(desk_server: DeskServer, said: str | bytes) -> None:
    """R-CODES: WS004."""
    alice = Trader(desk_server, "alice")
    with alice.socket() as line:
        line.send(said)

        assert close_code(line) == 4400
    alice.http.close()


@pytest.mark.parametrize(
    "sent",
    [
        masked(1, b'{"type": "\xff'),
        masked(1, b"\xe2\x82"),  # ends within a character
        b"\x81\x02{}",  # not masked
        masked(3, b"{}"),  # no such kind of frame
        masked(0, b"{}"),  # goes on with what never began
    ],
)
def test_what_is_no_message_at_all_ends_it_with_the_same_code(desk_server: DeskServer, sent: bytes) -> None:
    """R-CODES: WS004, where the library would drop the line and the page read 1006. What follows is not heard."""
    alice = Trader(desk_server, "alice")
    with alice.socket() as line:
        line.socket.sendall(sent + masked(1, b"more"))

        assert close_code(line) == 4400
    alice.http.close()


def test_loopback_has_no_limit_by_address(start_desk: StartDesk) -> None:
    server = start_desk(WS_MAX_PER_ADDRESS="1", WS_HANDSHAKES_PER_MINUTE="1")
    alice = Trader(server, "alice")
    with alice.socket() as one, alice.socket() as two:
        assert until(one, lambda frame: "quote-" in frame)
        assert until(two, lambda frame: "quote-" in frame)
    alice.http.close()
