"""The wire of a real server: who may connect, what arrives, how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.browser.server import DeskServer

TS = re.compile(r'data-ts="(\d+)"')


class Trader:
    """A script that does what the page does: a session, a token, a socket."""

    def __init__(self, server: DeskServer, name: str = "") -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, follow_redirects=True)
        self.http.get("/")
        if name:
            self.post("/accounts/demo/", trader=name)

    def post(self, path: str, **fields: str) -> httpx.Response:
        token = self.http.cookies["csrftoken"]
        headers = {"X-CSRFToken": token, "Accept": "application/json", "Origin": self.server.url}
        answer = self.http.post(path, data=fields, headers=headers)
        return answer

    @property
    def cookies(self) -> str:
        return "; ".join(f"{key}={value}" for key, value in self.http.cookies.items())

    def socket(self, path: str = "/ws/desk/", origin: str = "", **params: str) -> ClientConnection:
        query = f"?{urlencode(params)}" if params else ""
        return connect(
            self.server.url.replace("http", "ws") + path + query,
            origin=origin or self.server.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookies},
            max_queue=None,  # else its end waits ten seconds behind frames that nobody has read
        )

    def seq(self) -> int:
        page = self.http.get("/activity/").text
        return int(re.search(r'<body[^>]* data-seq="(\d+)"', page)[1])  # type: ignore[index]

    def order(self, **fields: str) -> httpx.Response:
        return self.post("/orders/", **{"symbol": "AAPL", "side": "buy", "order_type": "market", **fields})


def until(socket: ClientConnection, wanted: Callable[[str], bool]) -> str:
    """Reads on until a frame is the wanted one."""
    for _ in range(2000):
        frame = socket.recv(timeout=40)
        assert isinstance(frame, str)
        if wanted(frame):
            return frame
    raise AssertionError("the wanted frame never came")


def read_until(socket: ClientConnection, text: str) -> str:
    """All that arrives up to the frame that holds the text."""
    frames: list[str] = []

    def keep(frame: str) -> bool:
        frames.append(frame)
        return text in frame

    until(socket, keep)
    return "".join(frames)


def close_code(socket: ClientConnection) -> int | None:
    try:
        until(socket, lambda frame: False)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    return None


@pytest.fixture
def visit(desk_server: DeskServer) -> Iterator[Callable[..., Trader]]:
    """A visitor, signed in where a name is given."""
    visitors: list[Trader] = []

    def come(name: str = "") -> Trader:
        visitors.append(Trader(desk_server, name))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.http.close()


@pytest.fixture
def alice(visit: Callable[..., Trader]) -> Trader:
    return visit("alice")


@pytest.mark.parametrize("path", ["/ws/desk/", "/ws/portfolio/", "/ws/trades/", "/ws/watchlist/", "/ws/activity/"])
def test_each_page_has_a_socket_that_shows_its_state(alice: Trader, path: str) -> None:
    with alice.socket(path, drawn="0", desk="0") as socket:
        frame = until(socket, lambda frame: 'id="market-desk"' in frame)

    assert TS.search(frame)


def test_signed_out_is_told_so(visit: Callable[..., Trader]) -> None:
    """R-AUTH: WS001 by close code 4401, after accepting, so that the browser can read it."""
    with visit().socket() as socket:
        assert close_code(socket) == 4401


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "null"])
def test_foreign_origin_is_refused(alice: Trader, origin: str) -> None:
    """R-AUTH: scheme, host and port must be those of the page."""
    with pytest.raises(InvalidStatus) as refused, alice.socket(origin=origin):
        pass

    assert refused.value.response.status_code == 403


def test_no_origin_at_all_is_refused_too(alice: Trader) -> None:
    """R-AUTH: a browser always names one for a socket."""
    address, cookies = f"{alice.server.url.replace('http', 'ws')}/ws/desk/", {"Cookie": alice.cookies}
    with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=cookies):
        pass

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("since", ["999999999999", "-1", "x", "1e3", "9" * 40])
def test_a_number_that_was_never_given_out_asks_to_start_afresh(alice: Trader, since: str) -> None:
    with alice.socket(since=since) as socket:
        assert close_code(socket) == 4410


@pytest.mark.parametrize("message", ["hello", "", b"\x00\xff", '{"type": "order"}'])
def test_a_page_has_nothing_to_say(alice: Trader, message: str | bytes) -> None:
    """Commands travel by HTTP: whatever comes over the socket ends it with WS004."""
    with alice.socket() as socket:
        socket.send(message)

        assert close_code(socket) == 4400


def test_an_unknown_symbol_ends_the_socket(alice: Trader) -> None:
    with alice.socket(symbol="NOSUCH") as socket:
        assert close_code(socket) == 4400


def test_an_order_comes_back_as_numbered_toasts_and_as_state(alice: Trader) -> None:
    """R-TOAST, R-PORT: accepted, then filled; numbers rise by one; the position and the cash follow."""
    before = alice.seq()
    with alice.socket(since=str(before), drawn=str(before)) as socket:
        placed = alice.order(quantity="3", client_order_id="socket-1")
        frames = read_until(socket, f'data-seq="{before + 2}"')
        until(socket, lambda frame: "positions-" in frame and "AAPL" in frame)

    assert placed.status_code == 201
    toasts = re.findall(r'data-kind="([\w.]+)" data-seq="(\d+)"', frames)
    assert toasts == [("order.accepted", str(before + 1)), ("order.filled", str(before + 2))]


def test_what_happened_while_away_is_told_on_return_once(alice: Trader) -> None:
    """R-TOAST: nothing lost over a reconnect, nothing twice."""
    before = alice.seq()
    for number in range(3):
        alice.order(
            quantity="1", order_type="limit", limit_price="1.00", time_in_force="gtc", client_order_id=f"away-{number}"
        )

    with alice.socket(since=str(before)) as socket:
        frames = read_until(socket, f'data-seq="{before + 3}"')

    numbers = re.findall(r'data-kind="order.accepted" data-seq="(\d+)"', frames)
    assert numbers == [str(before + 1), str(before + 2), str(before + 3)]


def test_the_poll_tells_the_same(alice: Trader) -> None:
    """R-POLL: the same fragments by HTTP."""
    before = alice.seq()
    alice.order(quantity="1", order_type="limit", limit_price="1.00", client_order_id="poll-1")

    answer = alice.http.get("/live/poll/desk/", params={"since": before})

    assert answer.status_code == 200
    assert re.findall(r'data-kind="([\w.]+)" data-seq="(\d+)"', answer.text) == [("order.accepted", str(before + 1))]
    assert re.search(r'<div id="beat" hidden data-ts="\d+" data-seq="(\d+)"', answer.text)[1] == str(before + 1)  # type: ignore[index]
    assert all(f'id="{name}-' in answer.text for name in ("account", "positions", "orders", "fills", "watchlist"))


def test_poll_of_the_signed_out_and_of_the_confused(visit: Callable[..., Trader], alice: Trader) -> None:
    assert visit().http.get("/live/poll/desk/").status_code == 401
    assert alice.http.get("/live/poll/desk/", params={"since": "999999999"}).status_code == 409
    assert alice.http.get("/live/poll/nosuch/").status_code == 404


def test_logout_ends_the_sockets_of_that_session_only(visit: Callable[..., Trader], alice: Trader) -> None:
    """R-AUTH: the socket ends when the session ends."""
    other = visit("alice")
    with alice.socket() as socket, other.socket() as still_open:
        alice.post("/accounts/logout/")

        assert close_code(socket) == 4401
        assert until(still_open, lambda frame: "quote-" in frame)


def test_quotes_of_the_watchlist_flow_with_rising_times(alice: Trader) -> None:
    """R-WATCH, R-STALE: each quote says when it came to the server, and never goes back."""
    with alice.socket() as socket:
        seen: dict[str, list[int]] = {}

        def enough(frame: str) -> bool:
            for symbol, ts in re.findall(r'id="quote-(\w+)"[^>]* data-ts="(\d+)"', frame):
                seen.setdefault(symbol, []).append(int(ts))
            return sum(len(times) > 3 for times in seen.values()) >= 3

        until(socket, enough)

    assert all(times == sorted(times) for times in seen.values())


def test_health_counts_the_sockets(alice: Trader) -> None:
    with alice.socket() as socket:
        until(socket, lambda frame: True)

        report = json.loads(alice.http.get("/health").text)

    assert report["websocket"]["connections"] >= 1
