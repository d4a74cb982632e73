"""Threads of several processes at once, on SQLite and on PostgreSQL: once is once, and nothing is sold twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.services import postgres

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 2


class Desk:
    """A database of its own, and processes that work on it."""

    def __init__(self, database_url: str) -> None:
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a key for a race, of fifty characters and some more",
            "ALLOWED_HOSTS": "localhost",
            "REDIS_URL": "",
            "QUOTE_STALE_MS": "600000",
            "COMMISSION": "per-share 0.005 min 1.00",
        }

    def start(self, *part: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.trades.race_worker", *part],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *part: str) -> list[dict[str, Any]]:
        return finish(self.start(*part))

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        manage = [sys.executable, "manage.py", *words]
        return subprocess.run(manage, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=90)

    def race(self, part: str, processes: int = PROCESSES) -> list[dict[str, Any]]:
        """All processes are up before the first may go."""
        runners = [self.start(part, str(number)) for number in range(processes)]
        for runner in runners:
            assert hear(runner) == {"ready": True}
        for runner in runners:
            go(runner)
        return [answer for runner in runners for answer in finish(runner)]

    def report(self) -> dict[str, Any]:
        return self.run("report")[0]


def hear(runner: subprocess.Popen[str]) -> dict[str, Any]:
    assert runner.stdout is not None
    return json.loads(runner.stdout.readline())


def go(runner: subprocess.Popen[str]) -> None:
    assert runner.stdin is not None
    runner.stdin.write("go\n")
    runner.stdin.flush()


def finish(runner: subprocess.Popen[str]) -> list[dict[str, Any]]:
    printed, _ = runner.communicate(timeout=90)
    assert runner.returncode == 0, printed
    return [json.loads(line) for line in printed.splitlines()]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where databases can be made."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    with postgres() as url:
        yield url


@pytest.fixture
def desk(server: str, tmp_path: Path) -> Desk:
    """Each race has a database of its own."""
    url = f"sqlite:///{tmp_path}/desk.sqlite3"
    if server != "sqlite":
        name = f"race_{uuid.uuid4().hex}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = f"{server.rpartition('/')[0]}/{name}"
    made = Desk(url)
    made.run("prepare")
    return made


def test_same_client_order_id_makes_one_order(desk: Desk) -> None:
    """R-ORDER"""
    answers = desk.race("same")

    assert sorted(answer["created"] for answer in answers) == [False] * 15 + [True]
    assert len({answer["order"] for answer in answers}) == 1
    assert desk.report()["same"] == 1


def test_shares_are_sold_once(desk: Desk) -> None:
    """R-RISK"""
    answers = desk.race("sell")

    refusals = [answer["errors"] for answer in answers if "errors" in answer]
    assert len(answers) - len(refusals) == 10
    assert refusals == [{"quantity": "Sells 10; 0 AAPL available (100 held for working sells)"}] * 6
    report = desk.report()
    assert (report["sells"], Decimal(report["shares_reserved"])) == (10, 100)


def test_orders_of_a_minute_are_counted_under_the_accounts_lock(desk: Desk) -> None:
    """R-RISK: what an order is held against stays true until it is taken."""
    desk.run("limit")

    answers = desk.race("hurry")

    refusals = [answer["errors"] for answer in answers if "errors" in answer]
    assert len(answers) - len(refusals) == 5
    assert refusals == [{"account": "Would be order 6 within a minute; your limit is 5"}] * 11


def test_fill_cancel_and_change_leave_one_end(desk: Desk) -> None:
    """R-ORDER: an order ends once, whoever is first, and gives back exactly what it held."""
    desk.race("end", processes=3)

    report = desk.report()
    assert set(report["statuses"]) <= {"filled", "canceled"}
    assert report["racing_ends"] == 20
    assert report["racing_fills"] == report["racing_filled"]
    assert Decimal(report["reserved"]) == Decimal(report["held_by_orders"])
    assert report["books_agree"] is True


def test_the_check_reads_one_moment_and_nobody_waits_for_it(desk: Desk) -> None:
    """R-LEDGER: an order is placed and filled while the check is at work, and is none of its business."""
    check = desk.start("check")
    before = hear(check)

    desk.race("same")  # ends while the snapshot is open
    go(check)

    within, after = finish(check)
    assert within == {**before, "broken": {}}
    assert after == {"seen": before["seen"] + 1}


def test_all_holds_whenever_the_command_looks(desk: Desk) -> None:
    """R-LEDGER"""
    traders = [desk.start("trade", str(number)) for number in range(PROCESSES)]
    for trader in traders:
        assert hear(trader) == {"ready": True}
    for trader in traders:
        go(trader)

    checks = [desk.command("verify_ledger", "--json") for _ in range(3)]

    for trader in traders:
        assert trader.poll() is None
    done = [answer["done"] for trader in traders for answer in finish(trader)]
    reports = [json.loads(check.stdout) for check in checks]
    assert [(check.returncode, report["holds"]) for check, report in zip(checks, reports, strict=True)] == [
        (0, True)
    ] * 3, checks
    fills = [{each["name"]: each["rows"] for each in report["invariants"]}["fills-are-booked"] for report in reports]
    assert 1 < fills[0] < fills[1] < fills[2] <= 1 + 2 * sum(done)


def test_the_command_ends_with_1_where_something_is_wrong(desk: Desk) -> None:
    desk.run("lose")

    check = desk.command("verify_ledger")

    said = check.stderr.splitlines()
    assert (check.returncode, said[-1]) == (1, "CommandError: 1 of 14 do not hold: cash-is-booked")
    assert "WRONG  cash-is-booked" in check.stdout
