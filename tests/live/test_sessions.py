"""R-AUTH over real servers: a socket lasts no longer than what let it in."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from websockets.sync.client import ClientConnection

from tests.browser.conftest import StartDesk
from tests.browser.server import DeskServer
from tests.faults.programs import Redis
from tests.live.test_socket import Trader, close_code, until
from tests.patience import at_most

KEY = {"SECRET_KEY": "one key of the tests' own long enough to sign with " * 2}
AT_ONCE, BY_SWEEP = at_most(1.0), at_most(15.0)
Visit = Callable[..., Trader]


@pytest.fixture
def visit(desk_server: DeskServer) -> Iterator[Visit]:
    visitors: list[Trader] = []

    def come(name: str, server: DeskServer = desk_server) -> Trader:
        visitors.append(Trader(server, name))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.http.close()


@pytest.fixture
def alice(visit: Visit) -> Trader:
    return visit("alice")


@pytest.fixture
def admin(visit: Visit) -> Trader:
    return visit("admin")


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """One to kill."""
    server = Redis("redis", tmp_path)
    server.start()
    yield server
    server.end()


def shown(line: ClientConnection) -> ClientConnection:
    until(line, lambda frame: True)
    return line


def end_of(line: ClientConnection, cause: Callable[[], object]) -> tuple[int | None, float]:
    """The close code that the cause brings about, and the seconds it took."""
    began = time.monotonic()
    cause()
    return close_code(line), time.monotonic() - began


def user_id(trader: Trader) -> str:
    return re.search(r'data-user="(\d+)"', trader.http.get("/").text)[1]  # type: ignore[index]


def may(admin: Trader, trader: str, **rights: str) -> None:
    """The admin's form for that user; what is not named is taken away."""
    inline = {"socialaccount_set-TOTAL_FORMS": "0", "socialaccount_set-INITIAL_FORMS": "0"}
    fields = {"display_name": "Someone", "time_zone": "UTC", **inline, **rights}
    answer = admin.post(f"/admin/accounts/user/{trader}/change/", **fields)
    assert [step.status_code for step in answer.history] == [302]


def access(admin: Trader, trader: str, action: str) -> None:
    """The button on the user's page, and its question answered."""
    answer = admin.post(f"/admin/accounts/user/{trader}/access/", action=action, reason="A test")
    assert [step.status_code for step in answer.history] == [302]


def in_database(server: DeskServer, *statements: tuple[str, str]) -> None:
    """What another program does, which tells nobody."""
    with closing(sqlite3.connect(server.var / "livedesk.sqlite3", timeout=10)) as database, database:
        for statement, value in statements:
            assert database.execute(statement, [value]).rowcount == 1


def test_logout_ends_the_session_everywhere(alice: Trader) -> None:
    with alice.socket() as desk, alice.socket("/ws/activity/") as activity:
        code, took = end_of(shown(desk), lambda: alice.post("/accounts/logout/"))

        assert (code, close_code(activity)) == (4401, 4401)
    assert took < AT_ONCE


def test_a_session_ended_from_another_device_ends_there(visit: Visit, alice: Trader) -> None:
    other = visit("alice")
    row = re.findall(r"/accounts/sessions/(\d+)/end/", alice.http.get("/settings/").text)
    with other.socket() as line, alice.socket() as own:
        code, took = end_of(shown(line), lambda: [alice.post(f"/accounts/sessions/{one}/end/") for one in row])

        assert until(own, lambda frame: "quote-" in frame)
    assert code == 4401
    assert took < AT_ONCE


def test_suspension_closes_every_socket_and_cancels_every_order(admin: Trader, visit: Visit) -> None:
    """WS001 within a second, on every device; no old session is let in again, reinstated or not."""
    bob, phone = visit("bob"), visit("bob")
    number, terms = user_id(bob), {"order_type": "limit", "quantity": "1"}
    placed = [bob.order(**terms, limit_price=price).json()["id"] for price in ("1.00", "2.00")]
    with bob.socket() as line, phone.socket("/ws/activity/") as other:
        shown(other)
        code, took = end_of(shown(line), lambda: access(admin, number, "suspend"))
        everywhere = close_code(other)
    with bob.socket() as again:
        refused = close_code(again)
    door = bob.post("/accounts/demo/", trader="bob")
    access(admin, number, "reinstate")

    assert (code, everywhere, refused) == (4401, 4401, 4401)
    assert took < AT_ONCE
    assert (door.status_code, door.json()["error"]) == (403, "This account is suspended")
    with bob.socket() as old:
        assert close_code(old) == 4401
    back = visit("bob")
    orders = [back.http.get(f"/orders/{one}/", headers={"Accept": "application/json"}).json() for one in placed]
    assert [order["status"] for order in orders] == ["canceled", "canceled"]
    with back.socket() as line:
        assert until(line, lambda frame: "quote-" in frame)


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_other_rights_close_the_socket_and_it_comes_back_with_them(admin: Trader, visit: Visit, right: str) -> None:
    bob = visit("bob")
    number = user_id(bob)
    with bob.socket() as line:
        code, took = end_of(shown(line), lambda: may(admin, number, is_active="on", **{right: "on"}))
    with bob.socket() as back:
        taken, _ = end_of(shown(back), lambda: may(admin, number, is_active="on"))

    assert (code, taken) == (4403, 4403)
    assert took < AT_ONCE


def test_groups_and_what_they_may_do_are_rights_too(admin: Trader, visit: Visit) -> None:
    bob = visit("bob")
    number = user_id(bob)
    admin.post("/admin/auth/group/add/", name="desk support")
    group = re.search(r"/admin/auth/group/(\d+)/change/", admin.http.get("/admin/auth/group/").text)[1]  # type: ignore[index]
    causes: list[Callable[[], object]] = [
        lambda: may(admin, number, is_active="on", groups=group),
        lambda: admin.post(f"/admin/auth/group/{group}/change/", name="desk support", permissions="1"),
        lambda: admin.post(f"/admin/auth/group/{group}/delete/", post="yes"),
    ]
    ends = []
    for cause in causes:
        with bob.socket() as line:
            ends.append(end_of(shown(line), cause))

    assert [code for code, _ in ends] == [4403] * 3
    assert max(took for _, took in ends) < AT_ONCE


def test_a_change_that_tells_nobody_is_found_by_looking(visit: Visit, alice: Trader, desk_server: DeskServer) -> None:
    bob, key = visit("bob"), alice.http.cookies["sessionid"]
    number = user_id(bob)
    with alice.socket() as first, bob.socket() as second:
        shown(first)
        shown(second)
        began = time.monotonic()
        in_database(
            desk_server,
            ("DELETE FROM django_session WHERE session_key = ?", key),
            ("UPDATE accounts_user SET is_staff = 1 WHERE id = ?", number),
        )
        codes = close_code(first), close_code(second)
        took = time.monotonic() - began
    in_database(desk_server, ("UPDATE accounts_user SET is_staff = 0 WHERE id = ?", number))

    assert codes == (4401, 4403)
    assert took < BY_SWEEP


def test_a_session_that_expires_ends_the_socket(alice: Trader, desk_server: DeskServer) -> None:
    expire = "UPDATE django_session SET expire_date = '2000-01-01 00:00:00' WHERE session_key = ?"
    with alice.socket() as line:
        key = alice.http.cookies["sessionid"]
        code, took = end_of(shown(line), lambda: in_database(desk_server, (expire, key)))

    assert code == 4401
    assert took < BY_SWEEP


@pytest.mark.parametrize(
    "cookie", ["", "x", "a" * 32, "A" * 32, "a" * 4000, '"aaaaaaaa\\000aaaaaaaa"', "ключ", "a b;c"]
)
def test_a_forged_cookie_is_nobody(desk_server: DeskServer, visit: Visit, cookie: str) -> None:
    stranger = visit("")
    stranger.http.cookies.set("sessionid", quote(cookie, safe='"\\ ;='))
    with stranger.socket() as line:
        assert close_code(line) == 4401


def test_a_new_key_keeps_people_signed_in_while_the_old_one_is_kept(start_desk: StartDesk) -> None:
    """Pages reconnect right after a deploy: that must sign nobody out."""
    server = start_desk(**KEY)
    trader = Trader(server, "alice")
    codes = []
    second, third = (f"{word} of the tests' own keys as long as the first of them all" for word in ("second", "third"))
    for key, former in ((second, KEY["SECRET_KEY"]), (third, "")):
        with trader.socket() as line:
            shown(line)
            server.terminate()
            codes.append(close_code(line))
        server.settings |= {"SECRET_KEY": key, "SECRET_KEY_FALLBACKS": former}
        server.start()
    with trader.socket() as line:
        codes.append(close_code(line))
    trader.http.close()

    assert codes == [4503, 4503, 4401]


@contextmanager
def two_processes(start_desk: StartDesk, url: str, **settings: str) -> Iterator[tuple[Trader, Trader]]:
    """Alice at one of the two, and somebody at the other."""
    both = {"REDIS_URL": url, **KEY, **settings}
    one = start_desk(**both)
    database = {"DATABASE_URL": f"sqlite:///{one.var / 'livedesk.sqlite3'}", "DEMO_SIGN_IN": "on", "HTTPS": "off"}
    two = start_desk(**both, **database)
    here, there = Trader(one, "alice"), Trader(two)
    try:
        yield here, there
    finally:
        for trader in (here, there):
            trader.http.close()
        for server in (one, two):
            server.terminate()


@pytest.mark.redis
def test_logout_in_one_process_ends_the_sockets_of_another(start_desk: StartDesk, own_redis: Redis) -> None:
    """At once while Redis carries the word, and without it as soon as the other looks."""
    with two_processes(start_desk, own_redis.url) as (here, there):
        there.http.cookies = here.http.cookies
        with there.socket() as line:
            told, at_once = end_of(shown(line), lambda: here.post("/accounts/logout/"))
        here.post("/accounts/demo/", trader="alice")
        there.http.cookies = here.http.cookies
        with there.socket() as line:
            shown(line)
            own_redis.kill()
            untold, by_sweep = end_of(line, lambda: here.post("/accounts/logout/"))

    assert (told, untold) == (4401, 4401)
    assert at_once < AT_ONCE
    assert by_sweep < BY_SWEEP
