"""What many pages wait for is read at the cost of one, and is what each would have read alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.desk.quote import Quote
from apps.live.fragments import read
from apps.portfolio import services as portfolio
from apps.portfolio.models import Account
from apps.trades import filling, lists, services
from apps.trades.lists import Fills, Orders, fills_of_each, orders_of_each
from apps.trades.models import Order
from apps.trades.queries import TABS

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]


@pytest.fixture
def accounts(account: Account, placed: Place, quote: Callable[..., Quote], now: datetime) -> list[Account]:
    """Four with orders of every tab and fills, one that never did anything."""
    users = [get_user_model().objects.create_user(f"trader-{number}") for number in range(4)]
    made = [account, *(portfolio.open_account(user, Decimal(100_000)) for user in users)]
    for number, one in enumerate(made[:4]):
        for count in range(number + 2):
            placed(f"buy {count + 1} AAPL", owner=one)
        filling.match_symbol("AAPL", quote(), None, now)
        working = [placed(f"buy {count + 1} AAPL limit 100", owner=one) for count in range(number + 2)]
        services.cancel_order(one, working[0].pk, now)
    return made


def seen(found: Orders | Fills) -> list[Any]:
    return [row.pk for row in found.rows]


def test_rows_of_one_symbol_share_its_instrument(accounts: list[Account]) -> None:
    orders = orders_of_each([(account.pk, "working") for account in accounts]).values()
    fills = fills_of_each([account.pk for account in accounts]).values()

    of_orders = [row.instrument for found in orders for row in found.rows]
    of_fills = [row.order.instrument for found in fills for row in found.rows]

    assert len(of_orders) > 4 < len(of_fills)
    assert len({id(each) for each in of_orders}) == len({id(each) for each in of_fills}) == 1


def test_orders_of_many_are_those_of_each(accounts: list[Account], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "SHOWN", 3)
    keys = [(account.pk, tab) for account in accounts for tab in TABS]

    found = orders_of_each(keys)

    for account, tab in keys:
        rows = Order.objects.filter(TABS[tab], account=account).order_by("-created_at", "-id")
        shown = found[account, tab]
        assert seen(shown) == [row.pk for row in rows[:3]]
        assert shown.more == (rows.count() > 3)
    assert {shown.more for shown in found.values()} == {True, False}
    assert seen(found[accounts[-1].pk, "filled"]) == []


def test_fills_of_many_are_those_of_each(accounts: list[Account], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LATEST_FILLS", 3)

    found = fills_of_each(account.pk for account in accounts)

    assert [len(found[account.pk].rows) for account in accounts] == [2, 3, 3, 3, 0]
    for shown in found.values():
        rows = [(fill.at, fill.pk) for fill in shown.rows]
        assert rows == sorted(rows, reverse=True)
    alone = fills_of_each([accounts[1].pk])
    assert seen(alone[accounts[1].pk]) == seen(found[accounts[1].pk])


def test_lists_say_when_their_account_changed(accounts: list[Account], now: datetime) -> None:
    """R-STALE: each account its own; a moment that lies before the reading, never after."""
    before = fills_of_each(account.pk for account in accounts[:4])

    services.cancel_order(accounts[0], Order.objects.filter(TABS["working"], account=accounts[0])[0].pk, now)

    after = fills_of_each(account.pk for account in accounts[:4])
    moved = [account.pk for account in accounts[:4] if after[account.pk].ts != before[account.pk].ts]
    assert moved == [accounts[0].pk]
    assert after[accounts[0].pk].ts > before[accounts[0].pk].ts


@pytest.mark.parametrize("kind", ["orders", "fills", "bell", "account"])
def test_many_accounts_take_the_queries_of_one(kind: str, accounts: list[Account]) -> None:
    keys = [account.user_id if kind == "bell" else account.pk for account in accounts[:4]]
    counts = []
    for many in (keys[:1], keys):
        with CaptureQueriesContext(connection) as queries:
            facts = read([f"{kind}/{key}" for key in many])
        assert len(facts) == len(many)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize("read_each", [lambda pk: orders_of_each([(pk, "working")]), lambda pk: fills_of_each([pk])])
def test_account_that_is_none_is_an_error(account: Account, read_each: Callable[[int], object]) -> None:
    with pytest.raises(Account.DoesNotExist, match=str(account.pk + 1000)):
        read_each(account.pk + 1000)


def test_nobody_asks_for_nothing(db: None) -> None:
    assert orders_of_each([]) == {}
    assert fills_of_each([]) == {}
