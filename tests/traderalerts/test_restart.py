"""A real desk that is killed in the middle of it: each alert fires once, and its address is told."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from tests.alerts.conftest import Receiver
from tests.browser.server import DeskServer
from tests.patience import at_most
from tests.templates import SQLITE

SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "SPY")


def sign_in(client: httpx.Client) -> None:
    client.get("/", headers={"accept": "text/html"})
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    client.post("/accounts/demo/", data={"trader": "alice"})
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]


def fired(desk: DeskServer) -> tuple[list[int], list[str]]:
    """From its file: this is asked again and again, and each `manage.py` would take a core for a second."""
    with closing(sqlite3.connect(desk.var / SQLITE, timeout=10)) as database:
        told = database.execute("SELECT facts FROM live_event WHERE kind = 'alert.fired'").fetchall()
        states = database.execute("SELECT state FROM traderalerts_traderalert").fetchall()
    return [json.loads(facts)["alert_id"] for (facts,) in told], [state for (state,) in states]


@pytest.mark.timeout(540)
def test_every_alert_fires_once_over_a_killed_desk(start_desk: Callable[..., DeskServer], receiver: Receiver) -> None:
    """R-ALERT"""
    desk, pause = start_desk(ALERTS_ALLOW_PRIVATE="on", SIM_RATE="20"), threading.Event()
    with httpx.Client(base_url=desk.url, follow_redirects=True, headers={"accept": "application/json"}) as alice:
        sign_in(alice)
        reach = {"way": "discord", "webhook": f"{receiver.url}/api/webhooks/1/x"}
        assert alice.post("/alerts/settings/", data=reach).status_code == 200
        for symbol in SYMBOLS:
            for percent in ("0.005", "0.02"):
                typed = {"kind": "percent_move", "symbol": symbol, "threshold": percent}
                assert alice.post("/alerts/", data=typed).status_code == 201

    desk.kill()
    before, _ = fired(desk)
    desk.start()

    ends = time.monotonic() + at_most(60)
    while len(receiver.heard) < 1 or len(fired(desk)[0]) < 2 * len(SYMBOLS):
        assert time.monotonic() < ends, (fired(desk), desk.tail())
        pause.wait(0.1)
    desk.kill()
    desk.start()

    ids, states = fired(desk)
    ends = time.monotonic() + at_most(90)  # what the dead process had claimed is due again after a minute
    assert (set(Counter(ids).values()), set(states)) == ({1}, {"fired"})
    assert set(before) <= set(ids)
    while told_of(receiver) < len(ids):
        assert time.monotonic() < ends, (told_of(receiver), receiver.heard, desk.tail())
        pause.wait(0.1)
    assert "Traceback" not in desk.log.read_text()


def told_of(receiver: Receiver) -> int:
    """Lines that came, each counted once, for a receiver may get one again after a kill; of a flood it gets the first
    lines and how many more."""
    lines = {line for _, _, body in receiver.heard for line in json.loads(body)["content"].splitlines()}
    more = [re.fullmatch(r"… and (\d+) more", line) for line in lines]
    first = [line for line in lines if not line.startswith(("Again", "…"))]
    return len(first) + sum(int(found[1]) for found in more if found)
