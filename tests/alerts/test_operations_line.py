"""R-DASH over a real server: the figures of operations come down the hub's line, to staff and to nobody else."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.accounts.test_two_factor import code_of
from tests.browser.server import DeskServer
from tests.live.test_sessions import AT_ONCE, BY_SWEEP, end_of, shown
from tests.live.test_socket import TS, Trader, close_code, until

LOOKED = re.compile(r"as of [^<]* UTC")

TOTP = "/accounts/2fa/totp/"
Visit = Callable[..., Trader]


@pytest.fixture
def visit(start_desk: Callable[..., DeskServer]) -> Iterator[Visit]:
    visitors, desks = list[Trader](), dict[str, DeskServer]()

    def come(name: str, **settings: str) -> Trader:
        desk = desks.get("desk") or desks.setdefault("desk", start_desk(**settings))
        visitors.append(Trader(desk, name))
        return visitors[-1]

    yield come
    for each in visitors:
        each.http.close()


def figures(text: str) -> str:
    """The operations' fragment out of a page or a frame; empty where there is none."""
    found = re.search(r'<div id="operations".*?</section>\n</div>', text, re.S)
    return found[0] if found else ""


def test_staff_are_pushed_what_the_page_shows_and_others_are_refused(visit: Visit) -> None:
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


def set_up(trader: Trader) -> None:
    """The second factor, by the trader's own page."""
    secret = re.search(r"<code>(\w+)</code>", trader.http.get(f"{TOTP}activate/").text)
    assert secret
    assert trader.post(f"{TOTP}activate/", code=code_of(secret[1])).status_code == 200


def taken_out(admin: Trader) -> None:
    """In the admin, as for somebody who has lost the phone."""
    rows = re.findall(
        r"/admin/mfa/authenticator/(\d+)/change/", admin.http.get("/admin/mfa/authenticator/?type=totp").text
    )
    answer = admin.post(f"/admin/mfa/authenticator/{rows[0]}/delete/", post="yes")
    assert [step.status_code for step in answer.history][:1] == [302]


def taken_out_untold(admin: Trader) -> None:
    """By another program."""
    with closing(sqlite3.connect(admin.server.var / "livedesk.sqlite3", timeout=10)) as database, database:
        assert database.execute("DELETE FROM mfa_authenticator WHERE type = 'totp'").rowcount == 1


def test_a_line_ends_when_the_second_factor_that_it_asked_for_is_removed(visit: Visit) -> None:
    """Only that one: the desk's own page asks for none."""
    admin = visit("admin", STAFF_MFA="on")
    set_up(admin)
    with admin.socket("/ws/operations/") as line, admin.socket() as desk:
        code, took = end_of(shown(line), lambda: taken_out(admin))
        now = time.time_ns() // 1000
        stays = until(desk, lambda frame: any(int(stamp) > now for stamp in TS.findall(frame)))
    with admin.socket("/ws/operations/") as again:
        refused = close_code(again)

    assert (code, refused) == (4403, 4403)
    assert stays
    assert took < AT_ONCE


def test_a_second_factor_that_is_removed_without_a_word_is_missed_by_looking(visit: Visit) -> None:
    admin = visit("admin", STAFF_MFA="on")
    set_up(admin)
    with admin.socket("/ws/operations/") as line:
        code, took = end_of(shown(line), lambda: taken_out_untold(admin))

    assert code == 4403
    assert took < BY_SWEEP
