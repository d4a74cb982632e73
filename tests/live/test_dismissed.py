"""R-ADMIN over real servers: live connections are listed, and closed by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import StartDesk
from tests.browser.server import DeskServer
from tests.live.test_churn import wait
from tests.live.test_sessions import AT_ONCE, KEY, end_of, shown, user_id
from tests.live.test_socket import Trader, close_code, until
from tests.services import redis

PATH, SESSIONS = "/ops/connections/", "/admin/usersessions/usersession/"
Visit = Callable[[str], Trader]


@pytest.fixture
def visit(desk_server: DeskServer) -> Iterator[Visit]:
    visitors: list[Trader] = []

    def come(name: str) -> Trader:
        visitors.append(Trader(desk_server, name))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.http.close()


def seats(admin: Trader, trader: str) -> list[str]:
    return re.findall(r'name="seat" value="([^"]+)"', admin.http.get(PATH, params={"user": trader}).text)


def test_one_socket_is_closed_and_the_session_goes_on(visit: Visit) -> None:
    admin, bob = visit("admin"), visit("bob")
    number = user_id(bob)
    with bob.socket() as first:
        shown(first)
        with bob.socket("/ws/activity/") as second:
            shown(second)
            page = admin.http.get(PATH, params={"user": number}).text
            newest, oldest = seats(admin, number)
            code, took = end_of(second, lambda: admin.post(f"{PATH}close/", seat=newest))

            assert until(first, lambda frame: "quote-" in frame)
            assert seats(admin, number) == [oldest]
    with bob.socket() as back:
        assert until(back, lambda frame: "quote-" in frame)

    assert code == 4411
    assert took < AT_ONCE
    assert re.findall(r"<td>(desk|activity)</td><td>(this machine)</td>", page) == [
        ("activity", "this machine"),
        ("desk", "this machine"),
    ]
    assert "127.0.0.1" not in page
    log = admin.http.get("/admin/audit/entry/?kind=socket.closed").text
    assert "change: Socket: open → closed; Page: activity" in log


def test_all_sockets_of_a_user_are_closed_and_nobody_elses(visit: Visit) -> None:
    admin, alice, bob = visit("admin"), visit("alice"), visit("bob")
    with bob.socket() as one, bob.socket("/ws/trades/") as other, alice.socket() as hers:
        shown(other)
        code, took = end_of(shown(one), lambda: admin.post(f"{PATH}close/", user=user_id(bob)))

        assert (code, close_code(other)) == (4411, 4411)
        assert until(hers, lambda frame: "quote-" in frame)
    assert took < AT_ONCE


def test_an_ended_session_closes_its_sockets(visit: Visit) -> None:
    admin, bob = visit("admin"), visit("bob")
    listed = admin.http.get(SESSIONS, params={"user__id__exact": user_id(bob)}).text
    row = re.findall(r'name="_selected_action" value="(\d+)"', listed)
    with bob.socket() as line:
        code, took = end_of(
            shown(line),
            lambda: [admin.post(SESSIONS, action="end", _selected_action=one) for one in row],
        )

    assert code == 4401
    assert took < AT_ONCE


@pytest.mark.redis
def test_sockets_of_another_process_are_listed_and_closed(start_desk: StartDesk) -> None:
    with redis() as url:
        one = start_desk(REDIS_URL=url, **KEY)
        database = {"DATABASE_URL": f"sqlite:///{one.var / 'livedesk.sqlite3'}", "DEMO_SIGN_IN": "on", "HTTPS": "off"}
        two = start_desk(REDIS_URL=url, **database, **KEY)
        admin, there = Trader(one, "admin"), Trader(two, "bob")
        number = user_id(there)
        with there.socket() as line:
            shown(line)
            wait(lambda: len(seats(admin, number)) == 1)
            page = admin.http.get(PATH).text
            seat = seats(admin, number)[0]
            code, took = end_of(line, lambda: admin.post(f"{PATH}close/", seat=seat))
        for trader in (admin, there):
            trader.http.close()
        for server in (one, two):
            server.terminate()

    assert "in 2 web processes" in page
    assert code == 4411
    assert took < AT_ONCE
