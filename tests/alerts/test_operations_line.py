"""R-DASH over a real server: each dashboard's figures come down the hub's line, to staff and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from html import unescape

import pytest
from websockets.sync.client import ClientConnection

from tests.browser.server import DeskServer, manage
from tests.live.test_sessions import AT_ONCE, end_of, may, user_id
from tests.live.test_socket import Trader, close_code, until

from .conftest import figures

LINE = "/ws/operations/"
PATHS = {
    "operations": "/ops/",
    "transport": "/ops/transport/?span=day",
    "trading": "/ops/trading/?span=hour",
    "engagement": "/ops/engagement/?span=day",
    "connections": "/ops/connections/",
}
AS_OF = re.compile(r"as of [^<,;]* UTC")
OF_THE_MOMENT = re.compile(r'data-ts="\d+"|as of [^<,;]* UTC')
OLD = """
from datetime import timedelta
from django.utils import timezone
from apps.alerts.models import Span
Span.objects.create(at=timezone.now() - timedelta(days=2), counts={"denied:a_rule_of_old": 3})
"""
Visit = Callable[[str], Trader]


@pytest.fixture
def visit(desk_server: DeskServer) -> Iterator[Visit]:
    visitors = list[Trader]()

    def come(name: str) -> Trader:
        visitors.append(Trader(desk_server, name))
        return visitors[-1]

    yield come
    for each in visitors:
        each.http.close()


def pushed_on(line: ClientConnection, kind: str) -> str:
    """The next drawing of that dashboard."""
    return figures(kind, until(line, lambda frame: bool(figures(kind, frame))))


def asked(page: str) -> str:
    """The line that the page follows."""
    path, params = (re.search(rf' data-{name}="([^"]*)"', page)[1] for name in ("socket", "params"))  # type: ignore[index]
    return unescape(f"{path}?{params}")


@pytest.mark.timeout(240)
def test_staff_are_pushed_what_each_page_shows(visit: Visit) -> None:
    """R-DASH: as of one moment after another, by themselves, and by the template of the page."""
    admin, stale = visit("admin"), list[str]()
    with ExitStack() as stack:
        pages = {kind: admin.http.get(path).text for kind, path in PATHS.items()}
        lines = {kind: stack.enter_context(admin.socket(asked(page))) for kind, page in pages.items()}
        for kind, line in lines.items():
            looks, pushed, shown = set[str](), "", "-"
            while len(looks) < 2:
                pushed = pushed_on(line, kind)
                looks.update(AS_OF.findall(pushed))
            for _ in range(20):  # another look may come in between
                shown = figures(kind, admin.http.get(PATHS[kind]).text)
                if OF_THE_MOMENT.sub("", pushed) == OF_THE_MOMENT.sub("", shown):
                    break
                pushed = pushed_on(line, kind)
            else:
                stale.append(f"{kind}: pushed {pushed}\nshown {shown}")

    assert stale == []


@pytest.mark.parametrize("kind", PATHS)
def test_others_are_refused(visit: Visit, kind: str) -> None:
    alice = visit("alice")
    with alice.socket(LINE, of=kind) as refused:
        code = close_code(refused)

    assert code == 4403
    assert alice.http.get("/live/poll/operations/", params={"of": kind}).status_code == 404


@pytest.mark.parametrize("of, more", [("nothing", {}), ("bell", {}), ("trading", {"span": "year"})])
def test_only_dashboards_come_down_that_line(visit: Visit, of: str, more: dict[str, str]) -> None:
    admin = visit("admin")
    with admin.socket(LINE, of=of, **more) as refused:
        code = close_code(refused)

    assert code == 4400
    assert admin.http.get("/live/poll/operations/", params={"of": of, **more}).status_code == 404


def test_each_span_has_figures_of_its_own(visit: Visit) -> None:
    admin = visit("admin")
    manage(admin.server.var, "shell", "-c", OLD)

    with admin.socket(LINE, of="trading", span="week") as week, admin.socket(LINE, of="trading", span="hour") as hour:
        pushed = [pushed_on(line, "trading") for line in (week, hour)]

    assert ["a rule of old" in each for each in pushed] == [True, False]


def test_who_is_no_longer_staff_loses_the_line(visit: Visit) -> None:
    """Nor is anybody shown what they may not do: closing is for who may change users."""
    admin, bob = visit("admin"), visit("bob")
    number = user_id(bob)
    may(admin, number, is_active="on", is_staff="on")
    with bob.socket(LINE, of="connections") as line:
        pushed = pushed_on(line, "connections")
        shown = figures("connections", admin.http.get(PATHS["connections"]).text)
        code, took = end_of(line, lambda: may(admin, number, is_active="on"))
    with bob.socket(LINE, of="connections") as again:
        refused = close_code(again)

    assert "<td>operations</td>" in pushed
    assert ("Close all" in pushed, "Close all" in shown) == (False, True)
    assert (code, refused) == (4403, 4403)
    assert took < AT_ONCE
