"""R-ADMIN: who is connected, over all processes, for staff; and sockets closed by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from redis.asyncio import Redis

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.live import running
from apps.live.limits import network_of
from apps.live.roster import MOST, Line, open_lines
from apps.live.viewer import Viewer
from apps.monitoring.connections import BOOK, HEARD, connected, tell
from apps.monitoring.roll import FORGOTTEN

PATH = "/ops/connections/"
LINE = Line("1790000000000:0123456789abcdef:1", 7, "desk", "203.0.113.0/24", 41)


@pytest.fixture
async def hub() -> AsyncIterator[Any]:
    yield running.running_hub()
    await running.stop_hub()


def viewer(hub: Any, user_id: int, page: str = "desk") -> Viewer:
    made = Viewer(user_id, "key", lambda payload: True, lambda code: None)
    made.seat, made.page, made.network = hub.guard.doors.seat(), page, "this machine"
    hub.viewers.add(made)
    return made


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("127.0.0.1", "this machine"),
        ("unix:", "unknown"),
    ],
)
def test_where_a_socket_comes_from_is_no_address(address: str, network: str) -> None:
    assert network_of({"client": (address, 1)}) == network
    assert network_of({}) == "unknown"


async def test_a_process_knows_its_own(hub: Any) -> None:
    first, second = viewer(hub, 1), viewer(hub, 2, "activity")
    second.late_ms = 12.4

    lines, total = open_lines()

    assert ([line.seat for line in lines], total) == ([second.seat, first.seat], 2)
    assert (lines[0].user_id, lines[0].page, lines[0].late_ms, lines[1].late_ms) == (2, "activity", 12, None)
    assert hub.guard.doors.process.startswith(lines[0].process)


async def test_of_very_many_the_newest_are_told_and_how_many_there_are(hub: Any) -> None:
    seats = [viewer(hub, 1).seat for _ in range(MOST + 3)]

    found = connected()

    assert (len(found.lines), found.total, found.processes) == (MOST, MOST + 3, 1)
    assert {line.seat for line in found.lines} <= set(seats)
    assert len(json.dumps([line.packed() for line in found.lines])) < 100_000


async def told_by_another(shared: Redis, *lines: Line, process: str = "other") -> None:
    await tell(shared, process)
    said = {"process": process, "total": len(lines), "lines": [line.packed() for line in lines]}
    await shared.hset(BOOK, process, json.dumps(said))  # type: ignore[misc]


@pytest.mark.redis
async def test_each_process_knows_the_sockets_of_all(shared: Redis, hub: Any) -> None:
    own = viewer(hub, 1)
    await tell(shared, hub.guard.doors.process)
    await told_by_another(shared, LINE)

    found = await asyncio.to_thread(connected)

    assert {line.seat for line in found.lines} == {own.seat, LINE.seat}
    assert (found.total, found.processes, found.complete) == (2, 2, True)


@pytest.mark.redis
async def test_a_process_that_says_nothing_more_is_forgotten(shared: Redis, hub: Any) -> None:
    await told_by_another(shared, LINE)
    before = await asyncio.to_thread(connected)

    await shared.zincrby(HEARD, -FORGOTTEN, "other")
    after = await asyncio.to_thread(connected)

    assert (before.processes, after.processes) == (2, 1)
    assert not await shared.hexists(BOOK, "other")  # type: ignore[misc]


@pytest.mark.redis
async def test_another_release_is_left_out_and_harms_nobody(shared: Redis, hub: Any) -> None:
    await told_by_another(shared, replace(LINE, seat="new form"), process="newer")
    await shared.hset(BOOK, "mad", "{")  # type: ignore[misc]

    assert (await asyncio.to_thread(connected)).processes == 1


@pytest.mark.redis
async def test_without_redis_the_own_are_shown_and_it_is_said(settings: Any, hub: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    own = viewer(hub, 1)

    found = await asyncio.to_thread(connected)

    assert ([line.seat for line in found.lines], found.complete) == ([own.seat], False)


@pytest.mark.django_db
def test_the_page_is_for_staff_and_closing_for_who_may_change_users(client: Client, alice: User, bob: User) -> None:
    bob.is_staff = True
    bob.save()
    assert client.get(PATH).status_code == 302
    client.force_login(alice)
    assert (client.get(PATH).status_code, client.post(f"{PATH}close/").status_code) == (404, 404)
    client.force_login(bob)

    page, refused = client.get(PATH), client.post(f"{PATH}close/", {"user": str(alice.pk)})

    assert "Nobody is connected" in page.content.decode()
    assert (refused.status_code, Entry.objects.filter(kind="socket.closed").count()) == (403, 0)


@pytest.mark.parametrize("sent", [{}, {"user": "x"}, {"user": "99999999999999999999"}])
def test_closing_nothing_is_refused_in_words(admin_client: Client, sent: dict[str, str]) -> None:
    answer = admin_client.post(f"{PATH}close/", sent)

    assert answer.status_code == 422
    assert "Say which socket, or whose." in answer.content.decode()
