"""A socket that has ended is gone at once: garbage that waits for a collection piles up when many come and go."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.server import DeskServer
from tests.live.test_churn import PATHS, come_and_go, wait
from tests.live.test_socket import Trader
from tests.wire import ask_for_line

from .uncollected import HELD

MANNERS = range(4)


class Uncollected(DeskServer):
    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.live.uncollected", *self.words, "--port", str(self.port)]

    def held(self) -> int:
        return int((self.var / HELD).read_text())


@pytest.fixture
def desk(desk_template: Path, tmp_path: Path) -> Iterator[Uncollected]:
    server = Uncollected(desk_template, tmp_path, WS_MAX_PER_USER="0")
    server.start()
    yield server
    server.terminate()


def test_sockets_that_end_in_any_manner_are_let_go_without_a_collection(desk: Uncollected) -> None:
    """But for those that were there when a template was first looked for: that leaves garbage of its own, once."""
    trader = Trader(desk, "alice")
    lines = [ask_for_line(desk.port, trader.cookies, path, timeout=60) for path in PATHS]
    wait(lambda: desk.held() == len(PATHS))
    seen = desk.held()
    for line in lines:
        line.close()
    for path in PATHS:
        for manner in MANNERS:
            come_and_go(desk.port, trader.cookies, path, manner)
    wait(lambda: desk.held() <= len(PATHS))
    trader.http.close()

    assert seen == len(PATHS)
    assert desk.held() <= len(PATHS)
