"""P7: a storm of the same order over HTTP, on SQLite and on PostgreSQL, is one order and holds once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.browser.server import DeskServer, manage
from tests.conftest import StartDesk
from tests.live.test_socket import Trader

from .conftest import made_database
from .race import RaceDesk

COPIES, ROUNDS, BUSY = 50, 20, 503
TICKET = {"symbol": "AAPL", "side": "buy", "order_type": "limit", "quantity": "10", "limit_price": "1.00"}
Answer = tuple[int, bytes]


@pytest.fixture(scope="module")
def desk(race_server: str, start_desk: StartDesk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    if race_server == "sqlite":
        yield start_desk()
        return
    settings = {
        "DATABASE_URL": made_database(race_server),
        "SECRET_KEY": RaceDesk("").environment["SECRET_KEY"],
        "STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
        "DEMO_SIGN_IN": "on",
        "HTTPS": "off",
    }
    var: Path = tmp_path_factory.mktemp("deployed")
    manage(var, "seed_demo", **settings)
    desk = start_desk(**settings)
    yield desk
    desk.terminate()  # before its database, which would wait for it


@pytest.fixture
def traders(desk: DeskServer) -> Iterator[tuple[Trader, Trader]]:
    alice, bob = Trader(desk, "alice"), Trader(desk, "bob")
    with closing(alice.http), closing(bob.http):
        yield alice, bob


def post(trader: Trader, ticket: dict[str, str], barrier: threading.Barrier | None = None) -> Answer:
    """Again while the desk is busy, as whoever sends it again would: then nothing was begun."""
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": trader.cookies,
        "Origin": trader.server.url,
        "X-CSRFToken": trader.http.cookies["csrftoken"],
    }
    while True:
        line = HTTPConnection("127.0.0.1", trader.server.port, timeout=60)
        line.connect()
        if barrier:
            barrier.wait(60)
        line.request("POST", "/orders/", urlencode(ticket), headers)
        answer = line.getresponse()
        said = answer.status, answer.read()
        line.close()
        if said[0] != BUSY:
            return said
        barrier = None


def storm(trader: Trader, ticket: dict[str, str]) -> list[Answer]:
    """All at once; each is sent once its line is open and everybody else's is."""
    barrier, answers = threading.Barrier(COPIES), list[Answer]()
    threads = [threading.Thread(target=lambda: answers.append(post(trader, ticket, barrier))) for _ in range(COPIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


def held(trader: Trader) -> dict[str, str]:
    """Of the orders in the trader's own file, by client order id: what each asks for."""
    found = trader.http.get("/history/export.json?tab=orders").raise_for_status().json()
    assert len({row["client_order_id"] for row in found}) == len(found)
    return {row["client_order_id"]: row["quantity"] for row in found}


def test_fifty_copies_of_an_order_are_one_order(desk: DeskServer, traders: tuple[Trader, Trader]) -> None:
    """R-ORDER: one is 201, the others get the same body; another order by that id is refused, another trader's not."""
    alice, bob = traders
    before = held(alice)

    for number in range(ROUNDS):
        ticket = {**TICKET, "client_order_id": f"storm-{number}"}
        answers = storm(alice, ticket)
        another, _ = post(alice, {**ticket, "quantity": "11"})
        his, _ = post(bob, ticket)

        assert Counter(status for status, _ in answers) == {201: 1, 200: COPIES - 1}
        assert len({body for _, body in answers}) == 1
        assert (another, his) == (422, 201)

    assert held(alice) == {**before, **{f"storm-{number}": "10" for number in range(ROUNDS)}}
    manage(desk.var, "verify_ledger", **desk.settings)  # what is held back is what these orders hold
