"""Positions and lots follow from the journals: what differs is named, and with `--fix` written as they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from apps.desk.position import CostMethod
from apps.live.models import Event
from apps.portfolio import services, terms
from apps.portfolio.invariants import OF_BOOKS
from apps.portfolio.mending import differences
from apps.portfolio.models import Account, Lot, Position
from tests.desk.build import NOON

FILLS = "buy 10 AAPL @ 9.50 fee 1.00; buy 5 AAPL @ 10.00; sell 12 AAPL @ 11.00 fee 1.00; buy 4 MSFT @ 20.00 fee 0.35"


@pytest.fixture
def traded(alice_account: Account, book: Callable[..., None]) -> Account:
    """3 AAPL and 4 MSFT are held."""
    book(alice_account, FILLS)
    return alice_account


def ran(*options: str) -> tuple[int, list[str]]:
    """What the command ended with, and its lines."""
    out = StringIO()
    try:
        call_command("rebuild_accounts", *options, stdout=out)
    except CommandError as error:
        return error.returncode, [*out.getvalue().splitlines(), str(error)]
    return 0, out.getvalue().splitlines()


def kept() -> list[tuple[Any, ...]]:
    figures = ("instrument__symbol", "quantity", "cost", "realized_pnl", "commission", "dividends", "reserved")
    lots = ("exec_id", "quantity", "cost", "price", "opened_at")
    return [
        *Position.objects.order_by("pk").values_list(*figures),
        *Lot.objects.order_by("exec_id").values_list(*lots),
    ]


def lose_the_lots() -> None:
    Lot.objects.all().delete()


def sell_nothing() -> None:
    Position.objects.filter(instrument__symbol="AAPL").update(quantity=15, realized_pnl=0, commission=0)


def own_another_lot() -> None:
    held = Position.objects.get(instrument__symbol="MSFT")
    held.lots.create(exec_id="none", quantity=1, cost=1, price=1, opened_at=held.account.opened_at)


def be_paid() -> None:
    Position.objects.update(dividends=F("dividends") + 100, cost=F("cost") + 1)


def forget_a_position() -> None:
    Lot.objects.filter(position__instrument__symbol="MSFT").delete()
    Position.objects.filter(instrument__symbol="MSFT").delete()


def open_earlier() -> None:
    Lot.objects.update(opened_at=Account.objects.earliest("pk").opened_at)


BREAKS = (lose_the_lots, sell_nothing, own_another_lot, be_paid, forget_a_position, open_earlier)


def test_what_was_booked_is_what_is_kept(traded: Account, bob_account: Account) -> None:
    assert ran() == (0, ["2 accounts looked at"])
    assert ran("--account", str(traded.pk)) == (0, ["1 accounts looked at"])


@pytest.mark.parametrize("method", CostMethod)
def test_by_every_cost_method(traded: Account, book: Callable[..., None], method: CostMethod) -> None:
    terms.set_cost_method(traded, method)
    book(traded, "buy 7 AAPL @ 12.00; sell 5 AAPL @ 9.99", at=NOON + timedelta(days=1))

    assert differences(traded.pk) == []


def test_lots_of_one_moment_keep_their_order_under_another_method(
    alice_account: Account, book: Callable[..., None]
) -> None:
    """R-LEDGER: as files of fills have them. The sale of then took the first; by the new method it took the last, and
    the next one takes the second."""
    buys = "; ".join(f"buy 10 AAPL @ {price}.00" for price in (10, 20, 30))
    book(alice_account, f"{buys}; sell 10 AAPL @ 40.00", at=NOON)
    terms.set_cost_method(alice_account, CostMethod.LIFO)
    book(alice_account, "sell 10 AAPL @ 40.00", at=NOON + timedelta(days=1))

    assert Position.objects.get().realized_pnl == 100 + 200
    assert differences(alice_account.pk) == []


@pytest.mark.parametrize("act", BREAKS)
def test_what_differs_is_named_and_mended(traded: Account, act: Callable[[], None]) -> None:
    """R-LEDGER"""
    expected = kept()
    act()
    broken = kept()

    ended, lines = ran()
    assert (ended, lines[-1], kept() == broken) == (1, "1 of 1 accounts are not as their journals say", True)
    assert all(line.startswith(f"account {traded.pk} (alice): ") for line in lines[:-2])
    assert ran("--fix")[0] == 0
    assert [row[1:] for row in kept() if row[0] != "MSFT"] == [row[1:] for row in expected if row[0] != "MSFT"]
    assert sorted(map(str, kept())) == sorted(map(str, expected))
    assert ran() == (0, ["1 accounts looked at"])
    assert {each.name: each.look().wrong for each in OF_BOOKS} == {each.name: 0 for each in OF_BOOKS}
    assert Event.objects.latest("pk").kind == "account.mended"


def test_it_says_what_is_kept_and_what_is_booked(traded: Account) -> None:
    sell_nothing()

    assert ran()[1][:3] == [
        f"account {traded.pk} (alice): AAPL quantity: kept 15, booked 3",
        f"account {traded.pk} (alice): AAPL realized_pnl: kept 0, booked 17",
        f"account {traded.pk} (alice): AAPL commission: kept 0, booked 2",
    ]


def test_only_the_account_that_is_asked_for_is_mended(
    traded: Account, bob_account: Account, book: Callable[..., None]
) -> None:
    book(bob_account, "buy 1 AAPL @ 9.00")
    be_paid()

    assert ran("--account", str(bob_account.pk), "--fix")[0] == 0

    assert (differences(bob_account.pk), bool(differences(traded.pk))) == ([], True)
    assert ran("--account", "0") == (1, ["There is no account 0"])


def test_shares_that_orders_hold_back_are_not_taken_from_them(traded: Account, market: Any) -> None:
    sell_nothing()
    services.hold_shares(traded, market["AAPL"], Decimal(5))
    broken = kept()

    ended, lines = ran("--fix")

    assert (ended, kept()) == (1, broken)
    assert lines[0].endswith("nothing was written, orders hold back 5 AAPL, the journals leave 3")
