"""Idle connections to a real PostgreSQL: kept, bounded, tidied, and all forgotten once one is found dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import ConnectionHandler, DatabaseError

from config.postgres import base
from tests.patience import at_most

from .conftest import Tell, reachable_folder
from .programs import Postgres, initialised

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.django_db]

PID = "SELECT pg_backend_pid()"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with reachable_folder("pg-") as folder:
        (folder / "run").mkdir()
        postgres = Postgres("postgres", folder / "run", initialised(folder))
        postgres.start()
        yield postgres
        postgres.end()


@pytest.fixture
def handler(postgres: Postgres) -> Iterator[ConnectionHandler]:
    """Connections as settings make them; each thread that asks has its own."""
    named = {"NAME": "postgres", "USER": "livedesk", "HOST": "127.0.0.1", "PORT": postgres.port}
    handler = ConnectionHandler({"default": {"ENGINE": "config.postgres", "CONN_MAX_AGE": 0, **named}})
    yield handler
    handler["default"].close()
    handler["default"].close_pool()
    base.DatabaseWrapper.idle.pop("default", None)


def ask(handler: ConnectionHandler, statement: str = PID) -> Any:
    """As a request does: connects, asks, closes."""
    with handler["default"].cursor() as cursor:
        cursor.execute(statement)
        answer = cursor.fetchone()[0]
    handler["default"].close()
    return answer


def at_once(handler: ConnectionHandler, count: int) -> set[Any]:
    """The answers of so many threads that hold a connection each at the same time."""
    answers, together = set(), threading.Barrier(count)

    def hold() -> None:
        with handler["default"].cursor() as cursor:
            cursor.execute(PID)
            answers.add(cursor.fetchone()[0])
        together.wait(10)
        handler["default"].close()

    threads = [threading.Thread(target=hold) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def test_the_next_one_gets_the_connection_of_the_last(handler: ConnectionHandler) -> None:
    assert ask(handler) == ask(handler)


def test_a_transaction_that_was_left_open_is_ended(handler: ConnectionHandler) -> None:
    connection = handler["default"]
    connection.ensure_connection()
    connection.connection.autocommit = False
    connection.connection.execute("CREATE TABLE left_open (id int)")
    connection.close()

    assert ask(handler, "SELECT to_regclass('left_open') IS NULL")


def test_one_connection_more_than_there_are_seats_waits_and_says_so(
    handler: ConnectionHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MOST", 1)
    monkeypatch.setattr(base, "WAIT_SECONDS", 0.2)
    handler["default"].ensure_connection()
    other = handler.create_connection("default")

    with pytest.raises(DatabaseError, match="all 1 connections of this process were in use"):
        other.ensure_connection()

    handler["default"].close()
    other.ensure_connection()
    other.close()


def test_a_refused_connection_gives_its_seat_back(handler: ConnectionHandler, postgres: Postgres) -> None:
    postgres.crash()
    for _ in range(base.MOST + 1):
        with pytest.raises(DatabaseError, match="Connection refused"):
            ask(handler)
    postgres.start()

    assert ask(handler)


def test_a_crash_costs_the_next_one_nothing(handler: ConnectionHandler, postgres: Postgres, tell: Tell) -> None:
    """P3: every connection of the process is dead and nobody has noticed."""
    before = at_once(handler, base.MOST)
    postgres.crash()
    postgres.start()

    started = time.monotonic()
    after = {ask(handler) for _ in range(3)}
    took = time.monotonic() - started

    tell(f"connections after a crash of PostgreSQL: three requests in {took * 1000:.1f} ms")
    assert len(before) == base.MOST
    assert len(after) == 1 and not after & before
    assert took < at_most(0.5)
