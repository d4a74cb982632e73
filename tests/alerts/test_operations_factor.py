"""A line that asked for a second factor ends with it."""

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

LINE, TOTP = "/ws/operations/", "/accounts/2fa/totp/"


@pytest.fixture
def admin(start_desk: Callable[..., DeskServer]) -> Iterator[Trader]:
    trader = Trader(start_desk(STAFF_MFA="on"), "admin")
    yield trader
    trader.http.close()


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


def test_a_line_ends_when_the_second_factor_that_it_asked_for_is_removed(admin: Trader) -> None:
    """Only that one: the desk's own page asks for none."""
    set_up(admin)
    with admin.socket(LINE, of="operations") as line, admin.socket() as desk:
        code, took = end_of(shown(line), lambda: taken_out(admin))
        now = time.time_ns() // 1000
        stays = until(desk, lambda frame: any(int(stamp) > now for stamp in TS.findall(frame)))
    with admin.socket(LINE, of="operations") as again:
        refused = close_code(again)

    assert (code, refused) == (4403, 4403)
    assert stays
    assert took < AT_ONCE


def test_a_second_factor_that_is_removed_without_a_word_is_missed_by_looking(admin: Trader) -> None:
    set_up(admin)
    with admin.socket(LINE, of="operations") as line:
        code, took = end_of(shown(line), lambda: taken_out_untold(admin))

    assert code == 4403
    assert took < BY_SWEEP
