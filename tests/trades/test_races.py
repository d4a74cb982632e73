"""Threads of several processes at once, on SQLite and on PostgreSQL: once is once, and nothing is sold twice."""

from __future__ import annotations

import json
from decimal import Decimal

from apps.trades.invariants import INVARIANTS

from .race import PROCESSES, RaceDesk, finish, go, hear

MANY = 4  # processes of eight threads each
ENDING, ENDED = 16, 100  # processes that race for the end of the same orders, one after the other, and how many


def test_same_client_order_id_makes_one_order(race_desk: RaceDesk) -> None:
    """R-ORDER"""
    answers = race_desk.race("same", MANY)

    assert sorted(answer["created"] for answer in answers) == [False] * 31 + [True]
    assert len({answer["order"] for answer in answers}) == 1
    assert race_desk.report()["same"] == 1


def test_shares_are_sold_once(race_desk: RaceDesk) -> None:
    """R-RISK"""
    answers = race_desk.race("sell", MANY)

    refusals = [answer["errors"] for answer in answers if "errors" in answer]
    assert len(answers) - len(refusals) == 10
    assert refusals == [{"quantity": "Sells 10; 0 AAPL available (100 held for working sells)"}] * 22
    report = race_desk.report()
    assert (report["sells"], Decimal(report["shares_reserved"])) == (10, 100)


def test_orders_of_a_minute_are_counted_under_the_accounts_lock(race_desk: RaceDesk) -> None:
    """R-RISK: what an order is held against stays true until it is taken."""
    race_desk.run("limit")

    answers = race_desk.race("hurry")

    refusals = [answer["errors"] for answer in answers if "errors" in answer]
    assert len(answers) - len(refusals) == 5
    assert refusals == [{"account": "Would be order 6 within a minute; your limit is 5"}] * 11


def test_fill_cancel_and_change_leave_one_end(race_desk: RaceDesk) -> None:
    """R-ORDER: an order that 16 processes fill in parts, change and cancel at once ends once, moves as the table
    allows, is never filled beyond its quantity, and gives back exactly what it held."""
    raced = race_desk.race("end", ENDING, str(ENDED))

    assert len({each["pid"] for each in raced if each["touched"]}) == ENDING
    report = race_desk.report()
    assert set(report["statuses"]) <= {"filled", "canceled"}
    assert report["racing_ends"] == [1] * ENDED
    assert report["illegal"] == report["overfilled"] == []
    assert report["racing_parts"] > report["changed_after_a_part"] > 0
    assert Decimal(report["reserved"]) == Decimal(report["held_by_orders"]) == 0
    assert report["books_agree"] is True


def test_the_check_reads_one_moment_and_nobody_waits_for_it(race_desk: RaceDesk) -> None:
    """R-LEDGER: an order is placed and filled while the check is at work, and is none of its business."""
    check = race_desk.start("check")
    before = hear(check)

    race_desk.race("same")  # ends while the snapshot is open
    go(check)

    within, after = finish(check)
    assert within == {**before, "broken": {}}
    assert after == {"seen": before["seen"] + 1}


def test_all_holds_whenever_the_command_looks(race_desk: RaceDesk) -> None:
    """R-LEDGER"""
    traders = [race_desk.start("trade", str(number)) for number in range(PROCESSES)]
    for trader in traders:
        assert hear(trader) == {"ready": True}
    for trader in traders:
        go(trader)

    checks = [race_desk.command("verify_ledger", "--json") for _ in range(3)]

    for trader in traders:
        assert trader.poll() is None
    done = [answer["done"] for trader in traders for answer in finish(trader)]
    reports = [json.loads(check.stdout) for check in checks]
    assert [(check.returncode, report["holds"]) for check, report in zip(checks, reports, strict=True)] == [
        (0, True)
    ] * 3, checks
    fills = [{each["name"]: each["rows"] for each in report["invariants"]}["fills-are-booked"] for report in reports]
    assert 1 < fills[0] < fills[1] < fills[2] <= 1 + 2 * sum(done)


def test_the_command_ends_with_1_where_something_is_wrong(race_desk: RaceDesk) -> None:
    race_desk.run("lose")

    check = race_desk.command("verify_ledger")

    said = check.stderr.splitlines()
    assert (check.returncode, said[-1]) == (1, f"CommandError: 1 of {len(INVARIANTS)} do not hold: cash-is-booked")
    assert "WRONG  cash-is-booked" in check.stdout
