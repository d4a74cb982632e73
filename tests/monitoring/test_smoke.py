"""The list that is gone through after a deploy, against a real desk in order, one that is not, and none at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.browser.server import DeskServer
from tests.live.test_socket import Trader
from tests.ports import free_port


@pytest.fixture
def alice(desk_server: DeskServer) -> Iterator[Trader]:
    yield from signed_in(desk_server, "alice")


@pytest.fixture
def bob(desk_server: DeskServer) -> Iterator[Trader]:
    yield from signed_in(desk_server, "bob")


def signed_in(server: DeskServer, name: str) -> Iterator[Trader]:
    trader = Trader(server, name)
    yield trader
    trader.http.close()


def smoke(*words: str) -> str:
    out = StringIO()
    call_command("smoke", *words, stdout=out)
    return out.getvalue()


def test_a_desk_in_order_passes_every_step_and_keeps_no_order(desk_server: DeskServer, alice: Trader) -> None:
    told = smoke(desk_server.url, "--release", "0.2.0", "--trader", "alice")

    lines = told.splitlines()
    assert [line[:4] for line in lines] == ["ok  "] * 16
    assert re.search(r"paper order, told live +\d+ ms  told \d+ ms after it was sent, cancelled", told)
    working = alice.http.get("/orders/export.csv").text
    assert len(working.splitlines()) == 1


def test_somebodys_session_will_do(desk_server: DeskServer, bob: Trader) -> None:
    told = smoke(desk_server.url, "--session", bob.http.cookies["sessionid"])

    assert "sign-in" in told and "FAIL" not in told


def test_without_somebody_it_says_what_was_not_tried(desk_server: DeskServer) -> None:
    told = smoke(desk_server.url)

    assert told.endswith("Pages, socket and order were not tried: name --trader or --session.\n")
    assert "paper order" not in told


def test_what_fails_is_named_and_the_rest_is_tried(desk_server: DeskServer) -> None:
    out = StringIO()

    with pytest.raises(CommandError, match="9 of 16 steps failed"):
        call_command(
            "smoke",
            desk_server.url,
            "--release",
            "9.9",
            "--session",
            "no-such-session",
            "--symbol",
            "AAPL",
            stdout=out,
        )

    failed = [line for line in out.getvalue().splitlines() if line.startswith("FAIL")]
    assert len(failed) == 9
    assert "0.2.0 runs, not 9.9" in failed[0]


def test_no_desk_fails_every_step() -> None:
    out = StringIO()

    with pytest.raises(CommandError, match="7 of 7 steps failed"):
        call_command("smoke", f"http://127.0.0.1:{free_port()}", stdout=out)

    assert out.getvalue().count("Connection refused") == 7


@pytest.mark.parametrize("url", ["desk.example.com", "ftp://desk.example.com", "https://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CommandError, match="is no address of a desk"):
        call_command("smoke", url)
