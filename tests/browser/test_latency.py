"""R-METRICS: pages tell how late they show things, as they are seen, and nothing that is not lateness."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from playwright.sync_api import Error, Page, WebSocket, expect

from . import chromium, desk_page
from .conftest import NewPage, StartDesk
from .server import DeskServer
from .test_line import LOST_LINE, order_elsewhere
from .test_toasts import HIDE, Line

SLOW_MS = 5_000  # even where two cores are shared
# A machine whose clock is set an hour ahead
AHEAD = """
    const now = Date.now.bind(Date);
    Date.now = () => now() + 3600000;
"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


class Said:
    """What the page has said over its sockets."""

    def __init__(self, page: Page) -> None:
        self.messages: list[dict[str, Any]] = []
        self.asked = self.answers = 0
        self.socket: WebSocket
        page.on("websocket", self.listen)

    def listen(self, socket: WebSocket) -> None:
        """A new line owes no answers of the one before."""
        self.socket, self.asked, self.answers = socket, 0, 0
        socket.on("framesent", self.say)
        socket.on("framereceived", self.hear)

    def say(self, words: str | bytes) -> None:
        message = json.loads(words)
        self.messages.append(message)
        self.asked += message["type"] == "ping"

    def hear(self, frame: str | bytes) -> None:
        self.answers += 'id="pong"' in str(frame)

    def wait_for_answers(self) -> None:
        """Until every ping is answered: the page's clock may be moved on, the server's is not."""
        while self.answers < self.asked and not self.socket.is_closed():
            with suppress(Error):  # it ends while we wait
                self.socket.wait_for_event("framereceived", timeout=5_000)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.messages if one["type"] == kind]

    def acked(self, kind: str) -> list[int]:
        return [one["ms"] for one in self.of("ack") if one["kind"] == kind]

    def wait(self, *kinds: str) -> None:
        """Until each kind was acknowledged."""
        for kind in kinds:
            if not self.acked(kind):
                self.socket.wait_for_event("framesent", lambda words, kind=kind: f'"ack","kind":"{kind}"' in words)


def present(page: Page, server: DeskServer) -> dict[str, Any]:
    """What /health says once the desk has heard of each kind."""
    for _ in range(100):
        told = dict(httpx.get(f"{server.url}/health").json()["websocket"]["latency"])
        if all(one["samples"] for one in told.values()):
            return told
        page.evaluate(PAINTED)
    raise AssertionError(f"no samples of each kind: {told}")


def record(page: Page) -> None:
    """Keeps what the page is going to say with its next heartbeat."""
    page.wait_for_function("() => livedesk.time.known()")
    page.evaluate("""() => {
        const later = livedesk.tellLater;
        window.kept = [];
        livedesk.tellLater = (message) => { window.kept.push(message); later(message); };
    }""")


def recorded(page: Page, kind: str) -> list[int]:
    page.evaluate(PAINTED)
    return [one["ms"] for one in page.evaluate("window.kept") if one["kind"] == kind]


@pytest.mark.parametrize("script", ["", AHEAD])
def test_quotes_states_and_events_are_acknowledged_as_they_are_seen(
    start_desk: StartDesk, new_page: NewPage, script: str
) -> None:
    """By the server's clock: a machine's own that is an hour off says nothing."""
    server = start_desk()
    page = new_page(server=server)
    said = Said(page)
    page.add_init_script(script or ";")
    chromium.sign_in(page, "alice")
    desk_page.expect_live(page)
    page.wait_for_function("() => livedesk.time.known()")
    order_elsewhere(page, 1)
    said.wait("quote", "event", "state")

    expect(desk_page.toast(page, "order.filled")).to_have_count(1)
    told = present(page, server)
    assert list(told) == ["quote", "event", "state"]
    for kind in told:
        (ms,) = said.acked(kind)
        assert 0 <= ms < SLOW_MS
        assert told[kind]["samples"] == 1
        assert 0 < told[kind]["p50"] <= told[kind]["p99"] < SLOW_MS


def test_what_a_page_is_sent_because_it_came_is_not_late(new_page: NewPage, page: Page, watch: chromium.Watch) -> None:
    """What happened while it was away is old and says nothing of the line; what happens then does."""
    watch.allow(LOST_LINE)
    away = new_page()
    line = Line(away)
    chromium.sign_in(away, "alice")
    desk_page.expect_live(away)
    record(away)
    line.cut()
    order_elsewhere(page, 1)
    expect(desk_page.toast(page, "order.filled")).to_have_count(1)
    line.mend()

    expect(desk_page.toast(away, "order.filled")).to_have_count(1)
    early = recorded(away, "event")
    order_elsewhere(page, 2)
    expect(desk_page.toast(away, "order.filled")).to_have_count(2)

    assert early == []
    (ms,) = recorded(away, "event")
    assert ms < SLOW_MS


def test_a_hidden_page_acknowledges_nothing_and_says_that_it_is_hidden(new_page: NewPage, page: Page) -> None:
    hidden = new_page()
    said = Said(hidden)
    hidden.add_init_script("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});")
    chromium.sign_in(hidden, "alice")
    desk_page.expect_live(hidden)
    record(hidden)
    order_elsewhere(page, 1)
    expect(hidden.locator('#toasts .toast[data-kind="order.filled"]')).to_have_count(1)
    hidden.evaluate(PAINTED)
    acked = hidden.evaluate("window.kept")

    hidden.evaluate(HIDE, False)
    hidden.wait_for_function("() => window.kept.some((one) => one.kind === 'quote')")

    assert [one["value"] for one in said.of("hidden")] == [True, False]
    assert acked == []
    assert max(recorded(hidden, "quote")) < SLOW_MS
    assert recorded(hidden, "event") == []


def test_a_page_says_little(new_page: NewPage) -> None:
    """Two minutes of a lively market."""
    page = new_page()
    page.clock.install()
    said = Said(page)
    chromium.sign_in(page, "alice")
    desk_page.expect_live(page)
    page.wait_for_function("() => livedesk.time.known()")
    for _ in range(24):
        page.clock.run_for(5_000)
        said.wait_for_answers()

    assert len(said.messages) < 60
