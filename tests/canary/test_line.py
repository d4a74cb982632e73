"""A real desk's own canary: it arrives, nobody else sees it, and its way in is nobody else's."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.core.signing import TimestampSigner, b62_encode
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from apps.canary.tokens import SIGNER
from tests.browser.server import DeskServer
from tests.live.test_socket import Trader
from tests.patience import at_most

TURN_S = 6
ARRIVES_S = 2.0


@pytest.fixture(scope="module")
def desk(start_desk: Callable[..., DeskServer]) -> DeskServer:
    return start_desk(CANARY_SECONDS=str(TURN_S))


def line(desk: DeskServer, **headers: str) -> ClientConnection:
    return connect(f"{desk.url.replace('http', 'ws')}/ws/canary/", additional_headers=headers)


def token_of(desk: DeskServer) -> str:
    """As the desk itself would sign one."""
    return TimestampSigner(key=(desk.var / "secret_key").read_text(), salt=SIGNER).sign("a test")


def counted(desk: DeskServer, name: str) -> float:
    text = httpx.get(f"{desk.url}/metrics").text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, flags=re.M))


def until(true: Callable[[], bool], within: float) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not true within {within:g} s"
        time.sleep(0.1)


def canary_of(desk: DeskServer) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{desk.url}/health").json()["canary"]
    return found


@pytest.mark.timeout(180)
def test_it_arrives_is_measured_and_is_on_no_page(
    desk: DeskServer, record_property: Callable[[str, Any], None]
) -> None:
    """R-CANARY: two turns, by the way of every page; a trader's page is sent nothing of them, and counted alone."""
    alice = Trader(desk, "alice")
    before, seq = counted(desk, "livedesk_canary_seconds_count"), alice.seq()
    with alice.socket() as page:
        until(lambda: counted(desk, "livedesk_canary_seconds_count") >= before + 2, at_most(3 * TURN_S))
        opened = counted(desk, "livedesk_sockets_opened_total")
        until(lambda: (canary_of(desk).get("lastMilliseconds") or 0) > 0, at_most(3))
        frames = list(frames_so_far(page))
    found = canary_of(desk)

    record_property("figure", f"a canary arrived {found['lastMilliseconds']:g} ms after its commit")
    assert (found["status"], found["failedInARow"], opened) == ("ok", 0, 1)
    assert found["lastMilliseconds"] <= at_most(ARRIVES_S) * 1000
    assert counted(desk, "livedesk_canary_failures_total") == 0
    assert frames and [frame for frame in frames if "canary" in frame] == []
    assert alice.seq() == seq
    alice.http.close()


def frames_so_far(page: ClientConnection) -> list[str]:
    frames = []
    while True:
        try:
            frames.append(str(page.recv(timeout=0)))
        except TimeoutError:
            return frames


@pytest.mark.parametrize("kind", ["nothing", "a word", "another key", "too old", "a signed-in trader"])
def test_to_a_stranger_it_is_not_there(desk: DeskServer, kind: str) -> None:
    key = (desk.var / "secret_key").read_text()
    alice = Trader(desk, "alice")
    headers = {
        "nothing": {},
        "a word": {"Authorization": "Bearer canary"},
        "another key": {"Authorization": f"Bearer {TimestampSigner(key='x' * 50, salt=SIGNER).sign('a test')}"},
        "too old": {"Authorization": f"Bearer {Earlier(key=key, salt=SIGNER).sign('a test')}"},
        "a signed-in trader": {"Cookie": alice.cookies, "Origin": desk.url},
    }[kind]
    alice.http.close()

    with pytest.raises(InvalidStatus, match="403"):
        line(desk, **headers)


class Earlier(TimestampSigner):
    """Whoever kept a token for longer than a minute."""

    def timestamp(self) -> str:
        return b62_encode(int(time.time()) - 90)


def test_with_a_token_a_number_is_heard_and_nothing_can_be_said(desk: DeskServer) -> None:
    with line(desk, Authorization=f"Bearer {token_of(desk)}") as opened:
        shown = opened.recv(timeout=at_most(10))
        opened.send('{"type": "ping", "at": 1}')
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                opened.recv(timeout=at_most(10))

    assert re.fullmatch(r'<p id="canary" data-ts="\d+" data-beat="\d+"></p>', str(shown))
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4400


def test_a_token_opens_no_other_socket(desk: DeskServer) -> None:
    with (
        connect(
            f"{desk.url.replace('http', 'ws')}/ws/desk/",
            origin=desk.url,  # type: ignore[arg-type]
            additional_headers={"Authorization": f"Bearer {token_of(desk)}"},
        ) as opened,
        pytest.raises(ConnectionClosed) as closed,
    ):
        opened.recv(timeout=at_most(10))

    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
