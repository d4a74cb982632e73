"""R-DASH over a real server: the figures of operations come down the hub's line, to staff and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.browser.server import DeskServer
from tests.live.test_socket import TS, Trader, close_code, until

LOOKED = re.compile(r"as of [^<]* UTC")


@pytest.fixture
def visit(start_desk: Callable[..., DeskServer]) -> Iterator[Callable[[str], Trader]]:
    desk, visitors = start_desk(), list[Trader]()

    def come(name: str) -> Trader:
        visitors.append(Trader(desk, name))
        return visitors[-1]

    yield come
    for each in visitors:
        each.http.close()


def figures(text: str) -> str:
    """The operations' fragment out of a page or a frame; empty where there is none."""
    found = re.search(r'<div id="operations".*?</section>\n</div>', text, re.S)
    return found[0] if found else ""


def test_staff_are_pushed_what_the_page_shows_and_others_are_refused(visit: Callable[[str], Trader]) -> None:
    admin, alice = visit("admin"), visit("alice")
    with admin.socket("/ws/operations/") as line:
        looks = list[str]()
        while len(set(looks)) < 2:
            pushed = figures(until(line, lambda frame: bool(figures(frame) and LOOKED.search(frame))))
            looks.append(LOOKED.findall(pushed)[0])
        shown = figures(admin.http.get("/ops/").text)
        while TS.findall(shown)[0] != TS.findall(pushed)[0]:  # another look came in between
            pushed = figures(until(line, lambda frame: bool(figures(frame))))
            shown = figures(admin.http.get("/ops/").text)
    with alice.socket("/ws/operations/") as refused:
        code = close_code(refused)

    assert pushed == shown
    assert code == 4403
    assert alice.http.get("/live/poll/operations/").status_code == 404
