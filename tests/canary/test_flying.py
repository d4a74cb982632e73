"""One flight against a server of the test's own, which ends it as it likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from apps import telemetry
from apps.canary import whereabouts
from apps.canary.flying import fly
from apps.canary.models import Flight
from apps.live.models import Event
from tests.ports import free_port

DUE = datetime.now(UTC).replace(microsecond=0)
SHOWN = '<p id="canary" data-ts="1" data-beat="{}"></p>'
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def short_turns(settings: Any) -> None:
    settings.CANARY_SECONDS = 5


@asynccontextmanager
async def server(answer: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    port = free_port()
    async with serve(answer, "127.0.0.1", port):
        yield f"ws://127.0.0.1:{port}/"


def run_statement(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


async def landed() -> list[tuple[str, bool]]:
    return [(row.failed, row.milliseconds is not None) async for row in Flight.objects.all()]


@pytest.mark.parametrize("code", [4503, 1012])
async def test_one_that_meets_a_stopping_process_is_called_off(code: int) -> None:
    """A deploy is no failure, on a stock ASGI server neither; nor is it a success."""

    async def stopping(line: ServerConnection) -> None:
        await line.close(code)

    async with server(stopping) as url:
        await fly(DUE, url)

    assert await landed() == []


@pytest.mark.parametrize(("shown", "stage"), [(0, "connect"), (1, "receive")])
async def test_a_line_that_breaks_says_at_which_stage(shown: int, stage: str) -> None:
    async def breaking(line: ServerConnection) -> None:
        for _ in range(shown):
            await line.send(SHOWN.format(0))
        await line.close(1011)

    before = telemetry.value(telemetry.canary_failures.labels(stage))
    async with server(breaking) as url:
        await fly(DUE, url)

    assert await landed() == [(stage, False)]
    assert telemetry.value(telemetry.canary_failures.labels(stage)) == before + 1


async def test_an_event_that_the_database_refuses_has_failed_to_commit() -> None:
    """The line is there, and shows what there is."""

    async def showing(line: ServerConnection) -> None:
        await line.send(SHOWN.format(0))
        await line.wait_closed()

    refuse = "CREATE TRIGGER full BEFORE INSERT ON live_event BEGIN SELECT RAISE(ABORT, 'full'); END"
    await sync_to_async(run_statement)(refuse)
    try:
        async with server(showing) as url:
            await fly(DUE, url)
    finally:
        await sync_to_async(run_statement)("DROP TRIGGER full")

    assert await landed() == [("commit", False)]
    assert not await Event.objects.aexists()


async def test_what_is_shown_late_or_never_has_failed_to_arrive() -> None:
    """Its own number counts, not that something comes."""

    async def others(line: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await line.send(SHOWN.format(0))
                await asyncio.sleep(0.05)

    async with server(others) as url:
        await fly(DUE, url)

    assert await landed() == [("receive", False)]


async def test_a_turn_that_is_taken_is_not_flown_again() -> None:
    met: list[ServerConnection] = []

    async def meet(line: ServerConnection) -> None:
        met.append(line)
        await line.close(1011)

    async with server(meet) as url:
        await fly(DUE, url)
        await fly(DUE, url)

    assert len(met) == 1


@pytest.mark.parametrize(
    ("own", "configured", "url"),
    [
        (("0.0.0.0", 8000), "", "ws://127.0.0.1:8000/ws/canary/"),  # noqa: S104 -- nothing is bound here
        (("127.0.0.1", 8000), "", "ws://127.0.0.1:8000/ws/canary/"),
        (("::", 8000), "", "ws://[::1]:8000/ws/canary/"),
        (("10.1.2.3", 80), "https://desk.example/", "wss://desk.example/ws/canary/"),
        (("10.1.2.3", 80), "http://desk.example:81", "ws://desk.example:81/ws/canary/"),
        (None, "", ""),
    ],
)
def test_it_flies_to_what_was_set_or_to_its_own_process(
    own: tuple[str, int] | None, configured: str, url: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "_own", "")
    settings.CANARY_URL = configured
    whereabouts.listens_at(SimpleNamespace(host=own[0], port=own[1]) if own else None)

    assert whereabouts.present_url() == url
