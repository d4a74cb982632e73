"""The check as the command prints it and as the desk keeps it each hour."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F

from apps import telemetry
from apps.live import bus
from apps.portfolio.models import Account, LedgerCheck, Position
from apps.trades.brokers.paper import PaperBroker
from apps.trades.engine import Desk, in_thread
from apps.trades.invariants import INVARIANTS
from apps.trades.lease import Lease
from apps.trades.models import Order
from apps.trades.verify import check_ledger, snapshot, verify

from .scripted import WITHIN, Scripted, running

pytestmark = pytest.mark.django_db(transaction=True)


def printed(*options: str) -> str:
    out = StringIO()
    call_command("verify_ledger", *options, stdout=out)
    return out.getvalue()


def lose_a_cent() -> None:
    Account.objects.update(cash=F("cash") - 1)


def counted(where: str = "ledger") -> float:
    return telemetry.value(telemetry.faults.labels(where))


def test_command_prints_a_line_for_each_invariant(held: Order) -> None:
    lines = printed().splitlines()

    assert [line.split()[:2] for line in lines] == [["ok", invariant.name] for invariant in INVARIANTS]
    assert lines[0].split()[2:4] == ["2", "journals"]
    assert lines[0].split()[-1] == "ms"


def test_command_fails_and_names_what_is_wrong(held: Order) -> None:
    lose_a_cent()
    out = StringIO()

    with pytest.raises(CommandError) as failed:
        call_command("verify_ledger", stdout=out)

    assert (failed.value.returncode, str(failed.value)) == (1, f"1 of {len(INVARIANTS)} do not hold: cash-is-booked")
    wrong = [line for line in out.getvalue().splitlines() if not line.startswith("ok")]
    assert [line.split()[:2] for line in wrong] == [["WRONG", "cash-is-booked"]]
    assert wrong[0].endswith(f"1 wrong: {Account.objects.get().pk}")


def test_command_prints_the_same_as_json(held: Order) -> None:
    report = json.loads(printed("--json"))

    assert report["holds"] is True
    assert [each["name"] for each in report["invariants"]] == [invariant.name for invariant in INVARIANTS]
    figures = {**report["invariants"][0], "milliseconds": 0}
    assert figures == {
        "name": "journals-balance",
        "of": "journals",
        "rows": 2,
        "milliseconds": 0,
        "wrong": 0,
        "ids": [],
    }


def test_json_names_what_is_wrong(held: Order) -> None:
    lose_a_cent()
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("verify_ledger", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert report["holds"] is False
    assert {each["name"]: each["ids"] for each in report["invariants"] if each["wrong"]} == {
        "cash-is-booked": [str(Account.objects.get().pk)]
    }


def test_command_keeps_what_it_found(held: Order) -> None:
    """After a repair /health need not wait for the desk's next hour."""
    lose_a_cent()
    with pytest.raises(CommandError):
        printed()
    assert LedgerCheck.objects.get().wrong == 1

    Account.objects.update(cash=F("cash") + 1)
    printed()

    assert LedgerCheck.objects.get().wrong == 0


def test_fault_is_kept_counted_each_time_and_told_once(held: Order, now: datetime, caplog: Any) -> None:
    before = counted()
    lose_a_cent()
    with caplog.at_level(logging.ERROR, "apps.trades.verify"):
        for hour in range(2):
            check_ledger(now + timedelta(hours=hour))
        Position.objects.update(realized_pnl=F("realized_pnl") + 1)
        check_ledger(now + timedelta(hours=2))

    assert counted() == before + 3
    account, position = str(Account.objects.get().pk), str(Position.objects.get().pk)
    found = {"cash-is-booked": {"wrong": 1, "ids": [account]}}
    more = {
        **found,
        "results-are-booked": {"wrong": 1, "ids": [position]},
        "accounts-add-up": {"wrong": 1, "ids": [account]},
    }
    assert [record.args for record in caplog.records] == [found, more]
    kept = LedgerCheck.objects.get()
    assert (kept.at, kept.wrong, kept.found) == (now + timedelta(hours=2), 3, more)


def test_an_older_check_that_ends_later_changes_nothing(held: Order, now: datetime) -> None:
    check_ledger(now)
    lose_a_cent()

    check_ledger(now - timedelta(minutes=1))

    kept = LedgerCheck.objects.get()
    assert (kept.at, kept.wrong) == (now, 0)


def test_a_snapshot_inside_a_transaction_is_refused() -> None:
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError), snapshot():
        pass


def test_a_snapshot_that_failed_leaves_the_connection_as_it_was(held: Order) -> None:
    with pytest.raises(ZeroDivisionError), snapshot():
        Account.objects.get()
        raise ZeroDivisionError

    with transaction.atomic():
        lose_a_cent()
    assert [each.name for each in verify() if each.wrong] == ["cash-is-booked"]
    assert not connection.in_atomic_block


class Tidied(Desk):
    """Says when a step of a name has ended for the first time."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.ended = {"ledger": asyncio.Event(), "retention": asyncio.Event()}

    async def step(self, name: str, *work: Any) -> Any:
        result = await super().step(name, *work)
        if name in self.ended:
            self.ended[name].set()
        return result


async def test_desk_checks_as_soon_as_it_runs(held: Order) -> None:
    bus.attach(asyncio.get_running_loop())
    desk = Tidied(Scripted(), PaperBroker(), Lease("test"))
    await in_thread(desk.lease.renew, datetime.now(UTC))
    stop = asyncio.Event()

    async with running(desk.run(stop)) as [turn], asyncio.timeout(WITHIN):
        await desk.ended["ledger"].wait()
        await desk.ended["retention"].wait()
        stop.set()
        await turn

    kept = await in_thread(LedgerCheck.objects.get)
    assert (kept.wrong, kept.found) == (0, {})


async def test_check_that_fails_is_a_step_like_any_other(held: Order, caplog: Any) -> None:
    """It is counted and told by its name, and retention goes on after it."""
    desk = Desk(Scripted(), PaperBroker(), Lease("test"))
    before = counted("desk ledger")

    def cut_off() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE portfolio_lot RENAME TO portfolio_lot_away")

    def put_back() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE portfolio_lot_away RENAME TO portfolio_lot")

    await in_thread(cut_off)
    try:
        await desk.step("ledger", in_thread, check_ledger, datetime.now(UTC))
    finally:
        await in_thread(put_back)
    await desk.step("ledger", in_thread, check_ledger, datetime.now(UTC))

    assert counted("desk ledger") == before + 1
    assert [record.getMessage().split(" with")[0] for record in caplog.records] == ["desk: ledger failed"]
    assert (await in_thread(LedgerCheck.objects.get)).wrong == 0
