"""Many traders at once, and the demo's cast."""

from __future__ import annotations

import time
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.market.models import Instrument
from apps.portfolio.models import Account, LedgerEntry
from apps.portfolio.queries import cash_mismatches, unbalanced_journals
from apps.portfolio.services import open_account
from apps.watchlist.models import WatchedSymbol
from tests.patience import at_most

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_on_loopback(settings: Settings) -> None:
    settings.DEMO_SIGN_IN = True
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    settings.FEED, settings.SIM_SYMBOLS = "simulated", 20


def demo_sessions(*words: str) -> list[str]:
    out = StringIO()
    call_command("demo_sessions", *words, stdout=out)
    return out.getvalue().splitlines()


def watched() -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    rows = WatchedSymbol.objects.order_by("watchlist__user__username", "rank")
    for name, symbol in rows.values_list("watchlist__user__username", "instrument__symbol"):
        lists.setdefault(name, []).append(symbol)
    return lists


def test_each_printed_value_is_a_signed_in_trader() -> None:
    keys = demo_sessions("--count", "3")

    users = []
    for key in keys:
        client = Client(SERVER_NAME="localhost")
        client.cookies["sessionid"] = key
        users.append(client.get("/settings/").wsgi_request.user.username)
    assert users == ["trader0001", "trader0002", "trader0003"]


def test_accounts_are_as_opened_by_hand() -> None:
    demo_sessions("--count", "2")
    by_hand = open_account(User.objects.create_user("carl"))

    bulk, single = (
        [
            (row.book, row.amount, row.journal.kind, row.journal.memo)
            for row in LedgerEntry.objects.filter(journal__account=account).order_by("book")
        ]
        for account in (Account.objects.get(user__username="trader0002"), by_hand)
    )
    assert bulk == single
    assert list(Account.objects.values_list("cash", flat=True)) == [Decimal(100_000)] * 3
    assert (unbalanced_journals().count(), cash_mismatches().count()) == (0, 0)


def test_watched_symbols_are_drawn_alike_at_every_run() -> None:
    demo_sessions("--count", "3", "--watch", "5")
    first = watched()

    again = demo_sessions("--count", "4", "--watch", "5")

    assert {name: len(set(symbols)) for name, symbols in watched().items()} == {
        f"trader000{number}": 5 for number in (1, 2, 3, 4)
    }
    assert {name: watched()[name] for name in first} == first
    assert len({tuple(symbols) for symbols in first.values()}) == 3
    assert len(set(again)) == 4
    assert Account.objects.count() == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--count", "0"], "--count is 0; it must be from 1 to 20000"),
        (["--count", "20001"], "--count is 20001"),
        (["--count", "1", "--watch", "21"], "--watch is 21; it must be from 1 to 20: the feed has no more"),
        (["--count", "1", "--watch", "0"], "--watch is 0"),
        (["--count", "1", "--watch", "-3"], "--watch is -3"),
    ],
)
def test_impossible_numbers_are_refused(words: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        demo_sessions(*words)
    assert User.objects.count() == 0


def test_more_than_a_list_holds_is_refused() -> None:
    Instrument.objects.bulk_create(Instrument(symbol=f"T{n:02}", name="T") for n in range(60))

    with pytest.raises(CommandError, match="must be from 1 to 50: a watchlist holds no more"):
        demo_sessions("--count", "1", "--watch", "51")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("DEMO_SIGN_IN", False, "DEMO_SIGN_IN is off"), ("ALLOWED_HOSTS", ["desk.example.com"], "loopback only")],
)
def test_only_the_demo_on_loopback_prints_sessions(settings: Settings, name: str, value: object, told: str) -> None:
    setattr(settings, name, value)

    with pytest.raises(CommandError, match=told):
        demo_sessions("--count", "1")


def test_thousand_traders_with_ten_symbols_take_less_than_ten_seconds() -> None:
    began = time.perf_counter()

    keys = demo_sessions("--count", "1000", "--watch", "10")

    assert time.perf_counter() - began < at_most(10)
    assert (len(set(keys)), WatchedSymbol.objects.count()) == (1000, 10_000)


def test_seed_demo_makes_the_cast_once() -> None:
    call_command("seed_demo", stdout=StringIO())
    call_command("seed_demo", stdout=StringIO())

    cast = {user.username: user for user in User.objects.all()}
    assert sorted(cast) == ["admin", "alice", "bob"]
    assert [cast[name].is_superuser for name in ("admin", "alice", "bob")] == [True, False, False]
    assert list(Account.objects.values_list("cash", flat=True)) == [Decimal(100_000)] * 3
    assert {name: len(symbols) for name, symbols in watched().items()} == {"admin": 8, "alice": 8, "bob": 8}
    assert Instrument.objects.count() == 20


def test_seed_demo_without_the_demo_makes_nothing(settings: Settings) -> None:
    settings.DEMO_SIGN_IN = False
    out = StringIO()

    call_command("seed_demo", stdout=out)

    assert "DEMO_SIGN_IN is off" in out.getvalue()
    assert User.objects.count() == 0
