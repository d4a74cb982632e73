"""R-FLAG: who may go live, by the environment and by the admin's switch, without a restart."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.accounts.models import User
from apps.live.hub import Hub
from apps.live.models import Switch
from apps.live.readers import on_reader
from apps.live.switches import Rule, close_switched_off, kept, place, present_rule
from tests.browser.conftest import StartDesk
from tests.browser.server import ROOT, DeskServer, environment

from .conftest import Reader
from .test_socket import Trader, close_code, until

SWITCH = "/admin/live/switch/"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    kept.forget()
    yield
    kept.forget()


def test_place_is_even_stable_and_not_the_order_of_ids() -> None:
    places = [place(user_id) for user_id in range(1, 20_001)]
    tenths = [sum(tenth <= each / 10 < tenth + 1 for each in places) for tenth in range(10)]
    first_hundred = sum(each < 10 for each in places[:100])

    assert all(1850 < count < 2150 for count in tenths)
    assert 3 <= first_hundred <= 20
    assert [round(place(user_id), 3) for user_id in (1, 2, 3)] == PLACES


PLACES = [61.691, 27.065, 75.671]  # worked out by another program: openssl dgst -sha256 -hmac live-ws


@pytest.mark.parametrize(("share", "expected"), [(0, 0), (100, 1000)])
def test_share_of_none_and_of_all(share: int, expected: int) -> None:
    assert sum(Rule(True, share).allows(user_id) for user_id in range(1000)) == expected


def test_larger_share_only_adds_users() -> None:
    chosen = [{n for n in range(1, 500) if Rule(True, share).allows(n)} for share in range(101)]

    assert all(few <= many for few, many in pairwise(chosen))


def test_off_is_off_for_all() -> None:
    assert not any(Rule(False, 100).allows(user_id) for user_id in range(100))


@pytest.mark.django_db
def test_switch_overrides_the_environment_while_it_is_there(settings: Any) -> None:
    settings.LIVE_WS, settings.LIVE_WS_SHARE = False, 30
    before = present_rule()
    switch = Switch.objects.create(name="live-ws", on=True, share=60)
    during = present_rule()
    switch.delete()

    assert (before, during, present_rule()) == (Rule(False, 30), Rule(True, 60), Rule(False, 30))


@pytest.mark.django_db
@pytest.mark.parametrize("share", [101, -1])
def test_share_is_per_cent(share: int) -> None:
    with pytest.raises(ValidationError):
        Switch(name="live-ws", share=share).full_clean()


@pytest.mark.parametrize("name, text", [("LIVE_WS", "maybe"), ("LIVE_WS_SHARE", "101"), ("LIVE_WS_SHARE", "x")])
def test_environment_that_makes_no_sense_stops_the_start(tmp_path: Path, name: str, text: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**environment(tmp_path), name: text},
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert f"Livedesk cannot start: {name} is" in done.stderr


@pytest.mark.django_db(transaction=True)
async def test_hub_closes_those_who_are_switched_off_and_no_others(hub: Hub) -> None:
    readers = [Reader(n) for n in range(1, 41)]
    closed: list[tuple[int, int]] = []
    for reader in readers:
        reader.close = lambda code, reader=reader: closed.append((reader.user_id, code))  # type: ignore[misc]
        hub.join(reader, [])
    await on_reader(lambda: Switch.objects.create(name="live-ws", on=True, share=50))

    await close_switched_off(hub)

    rule = Rule(True, 50)
    assert sorted(closed) == [(reader.user_id, 4412) for reader in readers if not rule.allows(reader.user_id)]
    assert sorted(viewer.user_id for viewer in hub.viewers) == [n for n in range(1, 41) if rule.allows(n)]


@pytest.mark.django_db
def test_page_and_poll_say_whether_it_may_go_live(alice: User, client: Client) -> None:
    client.force_login(alice)
    shown, header = [], []
    for on in (True, False):
        Switch.objects.update_or_create(name="live-ws", defaults={"on": on})
        shown.append("ws-connect" in client.get("/activity/").content.decode())
        header.append(client.get("/live/poll/activity/")["Livedesk-Line"])

    assert (shown, header) == ([True, False], ["on", "off"])


def test_a_desk_started_without_live_updates_refuses_sockets(start_desk: StartDesk) -> None:
    """R-FLAG: by the environment."""
    trader = Trader(start_desk(LIVE_WS="off"), "alice")

    with trader.socket() as socket:
        code = close_code(socket)
    page = trader.http.get("/activity/").text
    trader.http.close()

    assert code == 4412
    assert "ws-connect" not in page


@pytest.fixture
def visit(desk_server: DeskServer) -> Iterator[Callable[[str], Trader]]:
    visitors: list[Trader] = []

    def come(name: str) -> Trader:
        visitors.append(Trader(desk_server, name))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.http.close()


def test_switch_in_the_admin_ends_open_sockets_and_lets_them_in_again(visit: Callable[[str], Trader]) -> None:
    """R-FLAG: without a restart; in the admin's log."""
    admin, alice = visit("admin"), visit("alice")
    with alice.socket() as socket:
        until(socket, lambda frame: "quote-" in frame)
        added = admin.post(f"{SWITCH}add/", name="live-ws", share="100")
        code = close_code(socket)
    row = re.search(rf"{SWITCH}(\d+)/change/", admin.http.get(SWITCH).text)
    history = admin.http.get(f"{SWITCH}{row[1]}/history/").text  # type: ignore[index]
    admin.post(f"{SWITCH}{row[1]}/delete/", post="yes")  # type: ignore[index]
    header = alice.http.get("/live/poll/desk/").headers["Livedesk-Line"]
    with alice.socket() as socket:
        again = until(socket, lambda frame: "quote-" in frame)

    assert (added.status_code, code, header) == (200, 4412, "on")
    assert "Name: empty → Live updates by WebSocket" in history
    assert again
