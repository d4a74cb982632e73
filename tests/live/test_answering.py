"""How requests are worked on: each in one thread, so many at once, and who waits too long is told so."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from config import answering
from config.answering import AT_ONCE, Handler
from tests.patience import at_most

inside = threading.Semaphore(0)
gate = threading.Event()
threads: list[str] = []


def note(**kwargs: Any) -> None:
    threads.append(threading.current_thread().name)


def where(request: HttpRequest) -> HttpResponse:
    note()
    return HttpResponse(request.body)


def held(request: HttpRequest) -> HttpResponse:
    inside.release()
    gate.wait(30)
    return HttpResponse("done")


async def parts() -> AsyncIterator[str]:
    for word in ("one", "two"):
        yield word


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts(), headers={"Content-Encoding": "identity"})


urlpatterns = [path("where/", where), path("held/", held), path("streamed/", streamed)]


class Answer(NamedTuple):
    status: int
    headers: dict[bytes, bytes]
    body: bytes


@pytest.fixture(autouse=True)
def own_addresses(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    threads.clear()
    gate.clear()
    request_started.connect(note)
    request_finished.connect(note)
    yield
    request_started.disconnect(note)
    request_finished.disconnect(note)
    gate.set()


async def ask(application: Handler, address: str, body: bytes = b"", **headers: str) -> Answer:
    told: list[dict[str, Any]] = []
    asked = [{"type": "http.request", "body": body}]

    async def receive() -> dict[str, Any]:
        if not asked:
            await asyncio.Event().wait()
        return asked.pop()

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": address, "query_string": b""}
    await application({**scope, "headers": [(b"host", b"testserver"), *sent]}, receive, send)
    return Answer(told[0]["status"], dict(told[0]["headers"]), b"".join(part.get("body", b"") for part in told[1:]))


async def all_seats_taken(application: Handler) -> list[asyncio.Task[Answer]]:
    tasks = [asyncio.create_task(ask(application, "/held/")) for _ in range(AT_ONCE)]
    for _ in tasks:
        assert await asyncio.to_thread(inside.acquire, timeout=at_most(10))
    return tasks


async def test_a_request_begins_and_ends_in_one_thread() -> None:
    """Its connection is given back there, before the answer is sent."""
    answer = await ask(Handler(), "/where/", b"asked")

    assert (answer.status, answer.body) == (200, b"asked")
    assert threads == [threads[0]] * 3
    assert threads[0].startswith("request")


async def test_one_more_than_there_are_threads_waits_its_turn() -> None:
    application = Handler()
    tasks = await all_seats_taken(application)

    late = asyncio.create_task(ask(application, "/where/"))
    await asyncio.sleep(0)
    assert not late.done()
    gate.set()

    assert {answer.status for answer in await asyncio.gather(late, *tasks)} == {200}


async def test_who_waits_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "WAIT_SECONDS", 0.1)
    application = Handler()
    tasks = await all_seats_taken(application)

    sent_away = await ask(application, "/where/")
    program = await ask(application, "/where/", accept="application/json")
    gate.set()
    await asyncio.gather(*tasks)

    assert (sent_away.status, sent_away.headers[b"Retry-After"]) == (503, b"5")
    assert sent_away.body.endswith(b"Nothing was changed; try again.")
    assert (program.status, program.headers[b"Content-Type"]) == (503, b"application/json")
    assert json.loads(program.body)["error"] == "The desk is busy"
    assert (await ask(application, "/where/")).status == 200


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
async def test_static_files_are_served_while_all_threads_are_taken(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "desk.css").write_text("body {}")
    application = Handler()
    tasks = await all_seats_taken(application)

    served = await asyncio.wait_for(ask(application, "/static/desk.css"), at_most(2))
    gate.set()
    await asyncio.gather(*tasks)

    assert (served.status, served.body) == (200, b"body {}")
    assert served.headers[b"X-Content-Type-Options"] == b"nosniff"


@pytest.mark.parametrize("cookie", ["", "sessionid=abcdefgh12345678"])
async def test_a_static_file_that_is_not_there_asks_nothing_of_the_database(cookie: str) -> None:
    """This test may use none: whoever sends for what is not there would hang with it in the few threads for files."""
    missing = await ask(Handler(), "/static/nothing.css", cookie=cookie)

    assert (missing.status, missing.body) == (404, b"There is no such file.")


async def test_who_leaves_keeps_the_seat_until_the_work_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun goes on: a seat that was free sooner would let in more than there are threads."""
    monkeypatch.setattr(answering, "WAIT_SECONDS", 0.1)
    application = Handler()
    tasks = await all_seats_taken(application)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)

    sent_away = await ask(application, "/where/")
    gate.set()
    await asyncio.gather(*tasks[1:])

    assert sent_away.status == 503
    assert (await ask(application, "/where/")).status == 200


async def test_parts_are_sent_as_they_come_and_the_end_is_told_once() -> None:
    answer = await ask(Handler(), "/streamed/")

    assert (answer.status, answer.body) == (200, b"onetwo")
    assert len(threads) == 2  # begun and finished
